"""Writes pydantic.json: what pydantic itself says about many values of many kinds of fields.

    pip install pydantic==2.14.3
    python from_pydantic.py > pydantic.json
"""

import json
import re
from enum import Enum
from typing import Annotated, Optional

import pydantic
from pydantic import Field, FiniteFloat

Letter = Enum("Letter", {"A": "A", "B": "B", "C": "C"}, type=str)
Single = Enum("Single", {"A": "A"}, type=str)
Grade = Enum("Grade", {"one": 1, "two": 2, "three": 3}, type=int)
Pair = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]
Square = Annotated[list[Pair], Field(min_length=2, max_length=2)]

# The rules of a manifest, and the same in pydantic.
FIELDS = {
    'type = "float"': FiniteFloat,
    'type = "float"\nrange = { ge = 0.0, le = 100.5 }': Annotated[FiniteFloat, Field(ge=0.0, le=100.5)],
    'type = "float"\nrange = { gt = -1e20, lt = 0.001 }': Annotated[FiniteFloat, Field(gt=-1e20, lt=0.001)],
    'type = "float"\nrange = { gt = 1e-9, lt = 1e16 }': Annotated[FiniteFloat, Field(gt=1e-9, lt=1e16)],
    'type = "float"\nnullable = true': Optional[FiniteFloat],
    'type = "int"': int,
    'type = "int"\nrange = { ge = 1, le = 1000 }': Annotated[int, Field(ge=1, le=1000)],
    'type = "int"\nrange = { gt = 1, lt = 5 }': Annotated[int, Field(gt=1, lt=5)],
    'type = "bool"': bool,
    'type = "string"': str,
    'type = "string"\npattern = "B+"': Annotated[str, Field(pattern="B+")],
    'type = "string"\npattern = "^(A|BB)$"': Annotated[str, Field(pattern="^(A|BB)$")],
    'type = "string"\ncategories = ["A", "B", "C"]': Letter,
    'type = "string"\ncategories = ["A"]': Single,
    'type = "int"\ncategories = [1, 2, 3]': Grade,
    'type = "float"\nshape = [2]': Pair,
    'type = "float"\nshape = [2, 2]': Square,
}

SCALARS = """
0 1 2 -1 5 101 1000 1001 1.0 5.0 0.5 1.5 -0.0 0.001 0.0011 1e5 1E5 1e-9 2e-9 1e15 1e16 100.5 100.50001 9007199254740993
true false null
"" "1" " 1 " "+1" "-1" "--1" "-0" "007" "1." ".5" "1.0" "0.0" "1.50" "1.5" "1e3" "0x10" "1,5" "1 000" "1_000" "_1" "1_"
"1__0" "1.0_0" "\\u00a01" "\\u0663" "nan" "NaN" "inf" "-inf" "Infinity" "1e400" "e5" "." "+" "abc"
"true" "TRUE" " true " "false" "False" "yes" "Yes" "no" "on" "Off" "t" "F" "y" "N" "2"
"A" "B" "C" "a" "BB" "ABBA" "A\\n" "[]"
""".split("\n")
# By pattern, not by spaces: some strings hold spaces.
INPUTS = [
    value
    for line in SCALARS
    for value in re.findall(r'"[^"]*"|\S+', line)
] + ["[]", "{}", "[1]", "[1, 2]", "[1, 2, 3]", '[1, "x"]', '["1", true]', "[1, null]", "[[1, 2], [3, 4]]", "[[1, 2], [3]]",
     "[[1, 2]]", "[[1, 2], 3]", "[[1, 2], [3, [4]]]", '{"a": 1}', "[{}]"]


def outcome(model, text):
    try:
        row = model.model_validate({"f": json.loads(text)})
        return {"ok": row.model_dump(mode="json")["f"]}
    except pydantic.ValidationError as error:
        return [
            {"loc": list(e["loc"]), "type": e["type"], "msg": e["msg"], **({"ctx": e["ctx"]} if "ctx" in e else {})}
            for e in error.errors()
        ]


golden = {}
for rules, annotation in FIELDS.items():
    model = pydantic.create_model("Row", f=(annotation, ...))
    golden[rules] = {text: outcome(model, text) for text in INPUTS}

lines = []
for rules, cases in golden.items():
    inner = ",\n".join(f"  {json.dumps(text)}: {json.dumps(result)}" for text, result in cases.items())
    lines.append(f"{json.dumps(rules)}: {{\n{inner}\n}}")
print("{\n" + ",\n".join(lines) + "\n}")
