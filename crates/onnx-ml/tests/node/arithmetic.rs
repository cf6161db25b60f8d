//! Operators of the main domain that compute one number from one or two.

use crate::harness::{Node, assert_close, ints, tensor};

#[test]
fn quotients_are_correctly_rounded() {
    let div = Node::new("main:Div", 1);
    let odd = [1f32, 3., 5., 41., 47., 49., 55., 61.];
    let column = tensor(&[8, 1], odd.to_vec());
    // By way of the reciprocal, 41 / 41 is 0.99999994.
    let rows = odd.iter().flat_map(|a| odd.iter().map(move |b| a / b)).collect();
    let quotients = div.run(&[column.clone(), tensor(&[8], odd.to_vec())]).unwrap();
    assert_eq!(*quotients[0], tensor(&[8, 8], rows));
    assert_eq!(*div.run(&[column.clone(), column]).unwrap()[0], tensor(&[8, 1], vec![1f32; 8]));
    // A divisor whose reciprocal is infinite.
    let tiny = || tensor(&[2], vec![1e-309, 4e-309]);
    assert_eq!(*div.run(&[tiny(), tiny()]).unwrap()[0], tensor(&[2], vec![1., 1.]));
    assert_eq!(*div.run(&[tensor(&[1], vec![0.]), tiny()]).unwrap()[0], tensor(&[2], vec![0., 0.]));
    let special = tensor(&[4], vec![1f32, -1., 0., f32::NAN]);
    let by_zero = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::NAN];
    let outputs = div.run(&[special, tensor(&[1], vec![0f32])]).unwrap();
    assert_close(&outputs[0], &tensor(&[4], by_zero.to_vec()));
    let outputs = div.run(&[ints(&[7, -7]), ints(&[2, 2])]).unwrap();
    assert_close(&outputs[0], &ints(&[3, -3]));
}
