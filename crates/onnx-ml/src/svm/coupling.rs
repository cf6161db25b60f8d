//! Probabilities of classes from the scores of pairs of classes.
//!
//! Two steps, both as in libsvm. Platt's: a score becomes the probability of the first class of its pair by a sigmoid
//! with two fitted parameters (Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines",
//! 2007). Pairwise coupling: from those, the probabilities of the classes (Wu, Lin and Weng, "Probability estimates for
//! multi-class classification by pairwise coupling", 2004, the second method, algorithm 2).
//!
//! The coupling stops when it is near enough, also for two classes, where the pair's probability would be the exact
//! answer: so do libsvm as scikit-learn has it and ONNX Runtime, and the answers are theirs.

/// Probabilities are kept this far from 0 and 1, so that none excludes a class.
const SMALLEST: f64 = 1e-7;

/// Pairs are in the order (0, 1), (0, 2), …, (1, 2), …
pub(crate) fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |first| (first + 1..classes).map(move |second| (first, second)))
}

/// The probability of the first class of a pair: `1 / (1 + exp(a score + b))`.
pub(crate) fn platt(score: f64, a: f64, b: f64) -> f64 {
    let exponent = a * score + b;
    // Neither exponential overflows.
    let probability =
        if exponent >= 0.0 { (-exponent).exp() / (1.0 + (-exponent).exp()) } else { 1.0 / (1.0 + exponent.exp()) };
    probability.clamp(SMALLEST, 1.0 - SMALLEST)
}

/// The probabilities of `classes` classes, from that of the first class of every pair.
pub(crate) fn couple(classes: usize, pairwise: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let matrix = quadratic_form(classes, pairwise);
    let mut p = vec![1.0 / classes as f64; classes];
    let mut gradient = vec![0.0; classes];
    for _ in 0..classes.max(100) {
        for (gradient, row) in gradient.iter_mut().zip(matrix.chunks_exact(classes)) {
            *gradient = row.iter().zip(&p).map(|(q, p)| q * p).sum();
        }
        let mut objective: f64 = p.iter().zip(&gradient).map(|(p, gradient)| p * gradient).sum();
        let error = gradient.iter().map(|gradient| (gradient - objective).abs()).fold(0.0, f64::max);
        if error < 0.005 / classes as f64 {
            break;
        }
        for (class, row) in matrix.chunks_exact(classes).enumerate() {
            let (Some(&diagonal), Some(&slope)) = (row.get(class), gradient.get(class)) else { continue };
            let step = (objective - slope) / diagonal;
            let scale = 1.0 + step;
            objective = (objective + step * (step * diagonal + 2.0 * slope)) / scale / scale;
            if let Some(p) = p.get_mut(class) {
                *p += step;
            }
            for ((gradient, p), &q) in gradient.iter_mut().zip(&mut p).zip(row) {
                *gradient = (*gradient + step * q) / scale;
                *p /= scale;
            }
        }
    }
    p
}

/// The matrix `Q` of the paper, row after row: `Q[t][t] = Σ r[j][t]²`, and `Q[t][j] = -r[j][t] r[t][j]` beside it, where
/// `r[i][j]` is the probability of class `i` against class `j`.
fn quadratic_form(classes: usize, pairwise: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut matrix = vec![0.0; classes * classes];
    for ((first, second), probability) in pairs(classes).zip(pairwise) {
        let complement = 1.0 - probability;
        let mut add = |row: usize, column: usize, value: f64| {
            if let Some(cell) = matrix.get_mut(row * classes + column) {
                *cell += value;
            }
        };
        add(first, first, complement * complement);
        add(second, second, probability * probability);
        add(first, second, -probability * complement);
        add(second, first, -probability * complement);
    }
    matrix
}
