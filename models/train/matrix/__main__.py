"""Makes the matrix, or the named pipelines of it: `python -m matrix <folder> [name…]`, from `models/train`."""

import pathlib
import sys

from matrix import (
    catboost, columns, ensembles, lightgbm, linear, neighbours, probabilistic, svm, tables, text, trees, xgboost,
)
from matrix.record import record

FAMILIES = [
    linear, svm, trees, ensembles, neighbours, probabilistic, columns, tables, text, xgboost, lightgbm, catboost,
]


def main(folder, names):
    pipelines = [pipeline for module in FAMILIES for pipeline in module.FAMILY.pipelines]
    known = [pipeline.name for pipeline in pipelines]
    twice = {name for name in known if known.count(name) > 1}
    assert not twice, f"two pipelines of one name: {twice}"
    unknown = set(names) - set(known)
    assert not unknown, f"no such pipeline: {unknown}"
    wanted = [pipeline for pipeline in pipelines if not names or pipeline.name in names]
    failed = 0
    for pipeline in wanted:
        try:
            record(pipeline, folder)
        except Exception as error:
            failed += 1
            print(f"{pipeline.family} {pipeline.name}: {error!r}", file=sys.stderr)
    print(f"{len(wanted) - failed} of {len(wanted)} models written to {folder}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2:]))
