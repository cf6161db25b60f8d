"""The model matrix: pipelines of every kind, exported as their users export them, and what their own library answers.

`python -m matrix <folder>` fits every pipeline, exports it, and writes `<folder>/<name>/1/{model.onnx,golden.json}`: a
folder that the server serves as it is. `cargo xtask models matrix` runs this and compares.
"""

import warnings

# That a model did not converge, and what the next version of a library will do, is no concern of these rows.
warnings.filterwarnings("ignore")
