//! `automl-pack pack`.

use std::{fs, path::PathBuf};

use automl_pack::{Builder, bundle, plan};
use clap::Args;
use serde::de::DeserializeOwned;

use super::{
    failure::{Exit, Failure},
    making::{Graph, How, Making},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  automl-pack pack churn/ -o churn.pack.zip
  automl-pack pack prepared/ --member mlp=mlp.onnx -o churn.pack.zip
  automl-pack pack -o churn.pack.zip --schema schema.json --member mlp=mlp.onnx@0.6 --member lgb=lgb.onnx@0.4

schema.json names the columns in the order in which the graphs take them, and the target:
  {\"columns\": [{\"name\": \"age\", \"type\": \"number\"},
               {\"name\": \"plan\", \"type\": \"category\", \"values\": [\"basic\", \"pro\"]}],
   \"target\": {\"name\": \"churn\", \"task\": \"classification\", \"classes\": [\"no\", \"yes\"]}}
Numbers go into the graphs as they are, a category as its place among the values.")]
pub(crate) struct Pack {
    /// A folder in a bundle's layout, or what `prepare` wrote
    #[arg(value_name = "DIR", required_unless_present = "members", conflicts_with_all = ["schema", "plan"])]
    dir: Option<PathBuf>,
    /// Write the bundle to this file, which appears when it is whole and was opened
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// A graph, and its weight; without weights, all weigh the same. Once for each member
    #[arg(long = "member", value_name = "NAME=FILE.onnx[@WEIGHT]")]
    members: Vec<String>,
    /// The columns, and what is predicted
    #[arg(long, value_name = "FILE.json", required_unless_present = "dir")]
    schema: Option<PathBuf>,
    /// How columns become what the graphs take [default: they go in as they are]
    #[arg(long, value_name = "FILE.json")]
    plan: Option<PathBuf>,
    /// How the members' labels become one [default: vote]
    #[arg(long, value_name = "HOW")]
    blend: Option<How>,
    /// Divide the weights by what they sum to
    #[arg(long)]
    renormalise: bool,
    #[command(flatten)]
    making: Making,
}

impl Pack {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut builder = match &self.dir {
            Some(dir) => Builder::from_folder(dir).map_err(|error| Failure::bundle(dir, &error))?,
            None => self.of_schema()?,
        };
        for member in &self.members {
            builder = Graph::read("--member", member)?.add_to(builder);
        }
        if let Some(how) = self.blend {
            builder = builder.blend(how.into());
        }
        if self.renormalise {
            builder = builder.renormalise().map_err(|error| Failure::bundle(&self.output, &error))?;
        }
        self.making.write(builder, &self.output)?;
        Ok(Exit::DONE)
    }

    fn of_schema(&self) -> Result<Builder, Failure> {
        let mut builder = Builder::default();
        if let Some(path) = &self.schema {
            builder = builder.schema(read_schema::<plan::SchemaForm>(path)?);
        }
        if let Some(path) = &self.plan {
            builder = builder.plan(read_json::<plan::PlanForm>(path)?);
        }
        Ok(builder)
    }
}

/// Reads a file that was written by hand, or by another command.
pub(crate) fn read_json<T: DeserializeOwned>(path: &PathBuf) -> Result<T, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::file(path, &error))?;
    let name = path.display().to_string();
    bundle::read_json(&name, &bytes).map_err(|error| Failure::refused_as(&error))
}

/// Reads a schema, or a part of one. What a bundle's reader would pass over is a slip here.
pub(crate) fn read_schema<T: DeserializeOwned>(path: &PathBuf) -> Result<T, Failure> {
    let schema = read_json(path)?;
    plan::SchemaForm::check_fields(&schema).map_err(|error| Failure::of_form(path, &error))?;
    read_json(path)
}
