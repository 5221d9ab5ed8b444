//! What is joined is the same whether its parts are worked out in place or one by one.

use prost::Message;
use tract_onnx::pb::{ModelProto, tensor_proto::DataType};

use super::{floats, integer, longs, model, node, value};
use crate::{Data, Limits, Program, Tensor};

/// Four parts of `[rows, 3, width]`, of which the first has an input that is stretched if it is to be, joined along an
/// axis.
fn graph(width: i64, axis: i64, are_doubles: bool, is_stretched: bool) -> ModelProto {
    let mut cast = node("Cast", &["three"], "p");
    cast.attribute = vec![integer("to", if are_doubles { DataType::Double } else { DataType::Float } as i64)];
    let mut join = node("Concat", &["others", "sums", "differences", "products"], "joined");
    join.attribute = vec![integer("axis", axis)];
    let other = if is_stretched { "one" } else { "q" };
    let nodes = vec![
        node("Reshape", &["x", "shape"], "three"),
        cast,
        node("Neg", &["p"], "q"),
        node("Abs", &["p"], "r"),
        node("Add", &["p", "r"], "sums"),
        node("Sub", &["r", "q"], "differences"),
        node("Mul", &["q", "r"], "products"),
        node("Mul", &[other, "p"], "others"),
        join,
        node("Reshape", &["joined", "flat"], "y"),
    ];
    let mut one = floats("one", &[1], &[0.3]);
    if are_doubles {
        (one.data_type, one.float_data, one.double_data) = (DataType::Double as i32, vec![], vec![0.3]);
    }
    let mut model = model(nodes, vec![longs("shape", &[0, 3, width]), longs("flat", &[0, 12 * width]), one]);
    let graph = model.graph.as_mut().unwrap();
    graph.input = vec![value("x", DataType::Float, 3 * width)];
    graph.output[0] = value("y", if are_doubles { DataType::Double } else { DataType::Float }, 12 * width);
    model
}

fn bits(program: &Program, rows: usize, width: usize) -> Vec<u64> {
    let values = (0..rows * 3 * width).map(|at| (at * 7919 % 101) as f32 / 7.0 - 6.0).collect();
    let x = Tensor::new(vec![rows, 3 * width], Data::F32(values)).unwrap();
    match program.run(vec![x]).unwrap().remove(0).into_data() {
        Data::F32(values) => values.iter().map(|x| x.to_bits().into()).collect(),
        Data::F64(values) => values.iter().map(|x| x.to_bits()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_part_that_lacks_an_input_takes_none_of_another() {
    let mut whole = graph(4, 1, false, false);
    let nodes = &mut whole.graph.as_mut().unwrap().node;
    nodes.iter_mut().find(|node| node.output == ["sums"]).unwrap().input.push("r".to_owned());
    nodes.iter_mut().find(|node| node.output == ["products"]).unwrap().input.pop();
    let program = Program::load(&whole.encode_to_vec()).unwrap();
    let x = Tensor::new(vec![1, 12], Data::F32(vec![1.0; 12])).unwrap();
    assert!(program.run(vec![x]).unwrap_err().to_string().contains("input 1 is missing"));
}

#[test]
fn parts_that_are_made_one_by_one_are_counted() {
    let of = |held: usize| {
        let limits = Limits { held, ..Limits::default() };
        let whole = graph(32, 1, false, true);
        let program = Program::load_within(&whole.encode_to_vec(), limits).unwrap();
        let x = Tensor::new(vec![100, 96], Data::F32(vec![1.0; 9600])).unwrap();
        program.run(vec![x])
    };
    // Three values are there, four parts are made of them, and these are joined.
    assert!(of(80_000).unwrap_err().to_string().contains("limits"));
    assert!(of(120_000).is_ok());
}

#[test]
fn what_is_joined_in_place_has_the_same_bits() {
    for width in [1, 2, 3, 4, 8, 16, 32, 37] {
        for axis in [1, 2, -1] {
            for (are_doubles, is_stretched) in [(false, false), (true, false), (false, true), (true, true)] {
                let whole = graph(width, axis, are_doubles, is_stretched);
                let fused = Program::load(&whole.encode_to_vec()).unwrap();
                // A part that is an output is there before it is joined.
                let mut apart = whole;
                let graph = apart.graph.as_mut().unwrap();
                let element = if are_doubles { DataType::Double } else { DataType::Float };
                let parts = ["sums", "differences", "products", "others"];
                graph.output.extend(parts.map(|part| value(part, element, 3 * width)));
                let apart = Program::load(&apart.encode_to_vec()).unwrap();
                assert_eq!(apart.step_count(), fused.step_count() + parts.len());
                for rows in [1, 5] {
                    let width = width as usize;
                    assert_eq!(bits(&fused, rows, width), bits(&apart, rows, width), "{width} {axis}");
                }
            }
        }
    }
}
