"""Statements whose parameters are too long for an address come as a form."""

import pytest
from urllib3.filepost import encode_multipart_formdata

from deploy.clickhouse.form import KIND, fields
from deploy.clickhouse.guard import Refused

GIVEN = {
    "query": "SELECT {ids:Array(String)}\nFORMAT Native",
    "param_ids": "['" + "','".join(f"x:é {number}" for number in range(2_000)) + "']\r\n--x\r\n\n",
    "empty": "",
}


def test_every_field_comes_as_it_was_sent() -> None:
    body, kind = encode_multipart_formdata(GIVEN)
    assert kind.startswith(KIND)
    assert fields(kind, body) == GIVEN


@pytest.mark.parametrize("end", [0, 50, -10])
def test_a_form_that_is_cut_is_refused(end: int) -> None:
    body, kind = encode_multipart_formdata(GIVEN)
    with pytest.raises(Refused, match="no whole multipart form"):
        fields(kind, body[:end])


def test_a_form_without_a_boundary_is_refused() -> None:
    body, _ = encode_multipart_formdata(GIVEN)
    with pytest.raises(Refused, match="no whole multipart form"):
        fields(KIND, body)


def test_a_file_is_refused() -> None:
    body, kind = encode_multipart_formdata({"query": "SELECT 1", "t": ("t.tsv", "1\n")})
    with pytest.raises(Refused, match="files in forms"):
        fields(kind, body)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ('form-data; name="q"' + ";a=b" * 10_000, "too long a head"),
        ('form-data; name="q"\r\nContent-Type: multipart/mixed; boundary=y', "a form within a form"),
    ],
)
def test_heads_that_take_long_to_read_are_refused_before_they_are(head: str, why: str) -> None:
    body = f"--x\r\nContent-Disposition: {head}\r\n\r\nSELECT 1\r\n--x--\r\n".encode()
    with pytest.raises(Refused, match=why):
        fields(f"{KIND}; boundary=x", body)


def test_a_form_of_ten_thousand_fields_is_refused() -> None:
    body, kind = encode_multipart_formdata({f"f{number}": "" for number in range(10_000)})
    with pytest.raises(Refused, match="more than 1000 parts"):
        fields(kind, body)
