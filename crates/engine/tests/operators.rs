//! `OPERATORS.md` lists what there is, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use automl_pack_engine::{Error, Program};
use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto};

const LISTED: &str = include_str!("../OPERATORS.md");

/// The operators of ONNX that are not in the list.
const OTHERS: &str = "AffineGrid Attention Bernoulli BitShift BlackmanWindow Col2Im ConvInteger ConvTranspose \
    DFT DeformConv DepthToSpace Det GRU GlobalLpPool GridSample HammingWindow HannWindow ImageDecoder LRN LSTM \
    LpPool MaxRoiPool MaxUnpool MeanVarianceNormalization MelWeightMatrix Multinomial NegativeLogLikelihoodLoss \
    NonMaxSuppression Optional OptionalGetElement OptionalHasElement QLinearConv QLinearMatMul RNN RandomNormal \
    RandomNormalLike RandomUniform RandomUniformLike RegexFullMatch Resize ReverseSequence RoiAlign RotaryEmbedding \
    STFT SequenceErase SequenceMap SoftmaxCrossEntropyLoss SpaceToDepth StringSplit TensorScatter Unique Upsample";

fn operators(section: &str) -> Vec<&'static str> {
    let text = LISTED.split(&format!("\n## {section}\n\n")).nth(1).unwrap();
    text.split("\n\n")
        .next()
        .unwrap()
        .split([',', '\n'])
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether an operator is there. It may be refused for what it lacks, but then it is.
fn is_there(domain: &str, operator: &str) -> bool {
    let node = NodeProto {
        domain: domain.to_owned(),
        op_type: operator.to_owned(),
        output: vec!["y".to_owned()],
        ..NodeProto::default()
    };
    let model = ModelProto {
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 21 }],
        graph: Some(GraphProto { node: vec![node], ..GraphProto::default() }),
        ..ModelProto::default()
    };
    !matches!(Program::load(&model.encode_to_vec()), Err(Error::Operator { .. }))
}

#[test]
fn every_operator_that_is_listed_is_there() {
    for (section, domain) in [("Plain", ""), ("ai.onnx.ml", "ai.onnx.ml"), ("com.microsoft", "com.microsoft")]
    {
        let names = operators(section);
        assert!(names.is_sorted(), "{section}");
        let absent: Vec<_> = names.into_iter().filter(|name| !is_there(domain, name)).collect();
        assert!(absent.is_empty(), "{section}: {absent:?}");
    }
}

#[test]
fn no_other_operator_of_onnx_is_there() {
    let there: Vec<_> = OTHERS.split_whitespace().filter(|name| is_there("", name)).collect();
    assert!(there.is_empty(), "{there:?} are not listed");
    assert!(!is_there("org.example", "Add"));
}
