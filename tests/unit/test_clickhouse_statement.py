"""Where a statement ends and its data begins."""

from deploy.clickhouse.statement import Statement, split


def test_data_in_the_body_behind_the_statement() -> None:
    assert split(b"INSERT INTO t (`a`) FORMAT Native\n\x01\n\x02", b"") == (
        "INSERT INTO t (`a`) ",
        b"\x01\n\x02",
        "Native",
    )


def test_data_apart_from_the_statement() -> None:
    assert split(b"insert into t format TSV", b"1\n2\n") == ("insert into t ", b"1\n2\n", "TSV")


def test_format_in_quotes_is_not_the_clause() -> None:
    text = b"INSERT INTO t (`format x`) SETTINGS insert_deduplication_token='FORMAT CSV' FORMAT Avro"
    sql, data, name = split(text, b"Obj\x01")
    assert (data, name) == (b"Obj\x01", "Avro")
    assert "FORMAT CSV" in sql


def test_values_and_other_statements_stay_whole() -> None:
    assert split(b"INSERT INTO t VALUES (1, 'FORMAT TSV')", b"") == (
        "INSERT INTO t VALUES (1, 'FORMAT TSV')",
        None,
        "",
    )
    assert split(b"SELECT 1 FORMAT JSON", b"") == ("SELECT 1 FORMAT JSON", None, "")


def test_input_becomes_a_file_of_the_same_structure() -> None:
    statement = Statement("INSERT INTO t SELECT a FROM input('a DateTime(\\'UTC\\')')", b"", "Avro")
    assert (
        statement.reading_input_from("/x")
        == "INSERT INTO t SELECT a FROM file('/x', 'Avro', 'a DateTime(\\'UTC\\')')"
    )
    assert Statement("INSERT INTO t", b"", "Avro").reading_input_from("/x") is None


def test_the_format_of_the_output() -> None:
    formats = {name.lower(): name for name in ("CSV", "Native", "TabSeparated")}
    asked = Statement("what was said", output_format="native")
    for normal, output in (
        ("SELECT 1 FORMAT csv", "CSV"),
        ("SELECT 1 FORMAT CSV SETTINGS a = ''", "CSV"),
        ("SELECT 1", "Native"),
        ("SELECT a FROM t ORDER BY FORMAT DESC", "Native"),
        ("SELECT '' AS FORMAT, 1 AS CSV", "Native"),
    ):
        assert asked.format_of(normal, formats) == output, normal
    assert Statement("SELECT 1").format_of("SELECT 1", formats) == "TabSeparated"
