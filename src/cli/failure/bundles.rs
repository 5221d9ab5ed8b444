//! Hints and exit codes of bundles that are not opened.

use automl_pack::{Error, bundle, carefree, engine};

use super::{REFUSED, USAGE};

/// What is opened.
const FORMS: &str = "a bundle is a zip file or the folder that it unpacks to; beside bundles, ONNX models are opened as they are";

pub(super) fn of_container(error: &bundle::Error) -> (u8, Option<&'static str>) {
    use bundle::Error::{
        Checksum, CutOff, Damaged, EntryDigest, EntrySize, Exists, Format, Io, ManifestDigest, ManifestStart,
        Missing, NotAZip, NotCanonical, NotFound, Rezipped, Truncated, Unlisted,
    };
    match error {
        NotFound { .. } | Io { .. } => (USAGE, None),
        Exists { .. } => (USAGE, Some("name a folder that is not there yet")),
        NotAZip { .. } => (REFUSED, Some(FORMS)),
        Truncated { .. } | Damaged { .. } | CutOff { .. } | Checksum { .. } => {
            (REFUSED, Some("copy or download the file again"))
        }
        NotCanonical { .. } | Rezipped { .. } => {
            (REFUSED, Some("unzip it into a folder, and write it again with automl-pack pack FOLDER -o OUT"))
        }
        EntryDigest { .. }
        | EntrySize { .. }
        | Unlisted { .. }
        | ManifestDigest { .. }
        | ManifestStart { .. } => (
            REFUSED,
            Some("if this change is meant, automl-pack pack FOLDER -o OUT makes a new bundle of it"),
        ),
        Missing { entry } if entry.ends_with("schema.json") => {
            (REFUSED, Some("automl-pack pack --help shows what it must say"))
        }
        Format { .. } => (REFUSED, Some("a newer automl-pack reads it")),
        _ => (REFUSED, None),
    }
}

pub(super) fn of_bundle(error: &Error) -> Option<&'static str> {
    match error {
        Error::Golden(_) | Error::GoldenRows { .. } => Some(
            "this machine does not compute what was recorded; --no-replay opens it all the same, and where the \
             members were changed on purpose, pack --new-golden records anew",
        ),
        Error::Unrecognised { .. } => Some(FORMS),
        Error::Member { source: engine::Error::Inputs { .. } | engine::Error::InputType { .. }, .. } => Some(
            "the members of a bundle share one matrix of numbers; automl-pack predict takes such a graph as it is",
        ),
        Error::BareGraph { .. } => Some(
            "pack it first: automl-pack pack -o OUT --schema schema.json --member NAME=FILE.onnx (predict, inspect \
             and verify take it as it is)",
        ),
        Error::Stray { .. } => {
            Some("metadata says what else there is to say; remove the file to pack the folder")
        }
        Error::TwoWeights { .. } => Some("automl-pack members reweight BUNDLE MODEL=WEIGHT changes it"),
        Error::NeedsConverting => Some("automl-pack convert OLD OUT"),
        Error::IsABundle => Some("automl-pack pack writes folders, automl-pack members changes bundles"),
        Error::NoMembers => Some("automl-pack pack DIR --member NAME=FILE.onnx adds one"),
        Error::NotABundle => Some("automl-pack convert makes a bundle of a pack that carefree-learn wrote"),
        Error::NoWeight { .. } | Error::SomeWeights { .. } => {
            Some("NAME=FILE.onnx@WEIGHT gives a member's weight")
        }
        _ => None,
    }
}

pub(super) fn of_pack(error: &carefree::Error) -> Option<&'static str> {
    use carefree::Error::{NotAPack, Pickle, StrayFolder, WeightSum};
    match error {
        NotAPack { .. } => Some("zip what is inside of the pack's folder, not the folder itself"),
        StrayFolder { .. } => Some("remove it, or name the model in weights_mapping.json"),
        Pickle { .. } => {
            Some("nothing in the pack was run; do not open it in Python unless you trust where it is from")
        }
        WeightSum { .. } => Some(
            "the weight of a model counts once for each of its members; where a bundle is written, --renormalise \
             divides the weights by their sum",
        ),
        _ => None,
    }
}
