//! The operators of ai.onnx.ml: what scikit-learn and the makers of trees export.

mod encode;
mod features;
mod hash;
mod linear;
mod pattern;
mod scores;
mod svm;
mod text;
mod tokens;
mod trees;

use super::super::node::{Kernel, Node};
use crate::Error;

pub(super) use text::build as build_text;

/// An operator of ai.onnx.ml, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "ArrayFeatureExtractor" => features::extract(),
        "Binarizer" => features::binarize(node),
        "FeatureVectorizer" => features::join(),
        "Imputer" => features::impute(node)?,
        "Normalizer" => features::normalise(node)?,
        "Scaler" => features::scale(node)?,
        "DictVectorizer" => encode::columns_of_maps(node)?,
        "CategoryMapper" => encode::map_categories(node)?,
        "LabelEncoder" => encode::encode_labels(node)?,
        "OneHotEncoder" => encode::one_hot(node)?,
        "LinearClassifier" => linear::classifier(node)?,
        "LinearRegressor" => linear::regressor(node)?,
        "SVMClassifier" => svm::classifier(node)?,
        "SVMRegressor" => svm::regressor(node)?,
        "TreeEnsembleClassifier" => trees::classifier(node)?,
        "TreeEnsembleRegressor" => trees::regressor(node)?,
        "TreeEnsemble" => trees::ensemble(node)?,
        // The keys are told with the output; the values are what went in.
        "ZipMap" => Box::new(|inputs| Ok(vec![super::super::node::input(inputs, 0)?.clone()])),
        _ => return Ok(None),
    }))
}

/// An operator of ONNX Runtime's own, if it is one that exporters write.
pub(super) fn build_contributed(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "MurmurHash3" => hash::murmur(node),
        "Tokenizer" => tokens::build(node)?,
        _ => return Ok(None),
    }))
}
