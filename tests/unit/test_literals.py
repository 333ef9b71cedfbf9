import pytest

from api.figures import FIGURES
from api.literals import written_out
from api.periods import Buckets
from api.queries.dashboard import given


def test_values_stand_where_parameters_were() -> None:
    sql = "\nSELECT {a:Int64}, {b:String}, {c:Array(String)}, {d:Array(UInt32)}, {a:Int64}\n"
    values = {"a": -1, "b": "it's \\ {a:Int64}", "c": [], "d": (1, 2)}
    assert written_out(sql, values) == (
        "SELECT -1, 'it\\'s \\\\ {a:Int64}', CAST([], 'Array(String)'), CAST([1, 2], 'Array(UInt32)'), -1"
    )


def test_what_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError):
        written_out("{a:Float64}", {"a": None})


@pytest.mark.parametrize("figure", FIGURES)
def test_no_figure_leaves_a_parameter(figure: str) -> None:
    query = written_out(FIGURES[figure].sql, given(Buckets("hour", [0, 3600]), "k", ["x"]))
    assert "{" not in query
