//! From a pack of carefree-learn's to a bundle: the same predictions, and no training row.

use automl_pack_bundle::{Archive, Lineage};
use automl_pack_carefree as carefree;
use automl_pack_plan::{PlanForm, SchemaForm, Task};

use super::{Builder, Files, Model, binary_config, to_json};
use crate::{Error, source::Source};

/// What is done with the weights of a regression, which carefree-learn inverts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reweighing {
    /// They stay as the pack has them.
    #[default]
    Kept,
    /// They are derived again, so that the model with the least error weighs most.
    Fixed,
}

impl Reweighing {
    /// Where a bundle's metadata says it.
    pub(crate) const KEY: &str = "carefree_learn_weights";

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Reweighing::Kept => "kept",
            Reweighing::Fixed => "fixed",
        }
    }
}

/// A bundle in the making, and what of the pack is not in it.
#[derive(Debug)]
pub struct Conversion {
    /// The bundle.
    pub builder: Builder,
    /// What is left behind.
    pub dropped: Dropped,
}

/// What a bundle does not have of the pack that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Entries that are not taken over, with their sizes.
    pub entries: Vec<(String, u64)>,
    /// The training values among them, by column.
    pub training: Vec<carefree::Training>,
    /// Whether the pack's weights are those of a regression, which may be inverted, and are kept.
    pub may_be_inverted: bool,
}

impl Builder {
    /// Takes over a pack of carefree-learn's, single or Auto.
    pub fn convert(archive: &Archive, reweighing: Reweighing) -> Result<Conversion, Error> {
        crate::bare::refuse(archive, "pickles to leave behind")?;
        if archive.is_bundle() {
            return Err(Error::IsABundle);
        }
        let source = Source::read(archive)?;
        let is_single = source.members.is_single;
        let mut builder = Builder { is_single, ..Builder::default() }
            .schema(SchemaForm::of(source.plan.schema(), &source.target))
            .plan(PlanForm::of(&source.plan, &source.target))
            .statistics(&source.statistics);
        for member in &source.members.list {
            let mut files = Files::new();
            for name in ["m.onnx", "output_names.json", "output_probabilities.txt"] {
                files.insert(name.to_owned(), archive.entry(&format!("{}{name}", member.folder))?.to_vec());
            }
            files.insert("binary_config.json".to_owned(), to_json(&binary_config(member.head.threshold)));
            if is_single {
                builder.shared.extend(files);
            } else {
                let model = builder.models.entry(member.model.clone()).or_default();
                model.weights = vec![member.weight];
                model.members.push(files);
            }
        }
        let is_regression = matches!(source.target.task, Task::Regression(_));
        if reweighing == Reweighing::Fixed {
            builder = builder.fix_weights(is_regression && !is_single)?;
        }
        builder.lineage = Some(Lineage::new(archive.content_digest(), "convert"));
        let weights = || builder.models.values().map(|model| model.weights.first().copied());
        let differ = weights().any(|weight| Some(weight) != weights().next());
        let may_be_inverted = is_regression && differ && reweighing == Reweighing::Kept;
        if is_regression && !is_single {
            builder = builder.metadata(Reweighing::KEY, reweighing.word());
        }
        let dropped = Dropped {
            entries: builder.left_behind(archive),
            training: carefree::training(archive)?,
            may_be_inverted,
        };
        Ok(Conversion { builder, dropped })
    }

    /// A score was the negative error, and a weight is a score divided by the sum of all: the weights
    /// are the shares of the errors. A model's right share is that of what its error divides.
    fn fix_weights(mut self, are_inverted: bool) -> Result<Builder, Error> {
        if !are_inverted {
            return Err(Error::NotInverted);
        }
        for (name, Model { weights, .. }) in &mut self.models {
            match weights.first_mut() {
                Some(weight) if *weight > 0.0 => *weight = 1.0 / *weight,
                _ => return Err(Error::NoError { model: name.clone() }),
            }
        }
        self.renormalise()
    }

    fn left_behind(&self, archive: &Archive) -> Vec<(String, u64)> {
        let members = self.members();
        let is_taken = |name: &str| {
            let of_member = members.iter().any(|member| name.starts_with(&format!("{member}/")));
            of_member || name == super::WEIGHTS || self.shared.contains_key(name)
        };
        let left = archive.entries().filter(|(name, _)| !is_taken(name));
        left.map(|(name, content)| (name.to_owned(), content.len() as u64)).collect()
    }
}
