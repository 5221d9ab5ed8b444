//! A graph in tract, made ready for several numbers of rows.

use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use tract_onnx::{data_resolver::ModelDataResolver, pb, prelude::*};

use crate::{
    Batch, Error, facts,
    plan::{Plan, guarded},
};

/// A graph with its plans.
pub(crate) struct Plans {
    parsed: InferenceModel,
    width: usize,
    /// Ascending by rows. The first is prepared when the graph is loaded, the others when they are
    /// first of use; one that the engine cannot do is left out then.
    plans: Vec<(usize, OnceLock<Option<Plan>>)>,
}

/// One row, a few, and a block that stays in the cache.
const BATCHES: [usize; 3] = [1, 16, 256];

impl Plans {
    /// Prepares the smallest plan; tells at which batches the graph runs.
    pub(crate) fn prepare(
        model: &pb::ModelProto,
        output: usize,
        width: usize,
    ) -> Result<(Plans, Batch), Error> {
        let parsed = parse(model, output)?;
        let (batch, first) = prepare_first(&parsed, model, width)?;
        let batches = match batch {
            Batch::Any => BATCHES.to_vec(),
            Batch::Fixed(rows) => vec![rows],
        };
        let mut plans: Vec<_> = batches.into_iter().map(|rows| (rows, OnceLock::new())).collect();
        plans[0].1 = OnceLock::from(Some(first));
        Ok((Plans { parsed, width, plans }, batch))
    }

    /// How many columns the output has.
    pub(crate) fn columns(&self) -> Result<usize, Error> {
        let first = self.first();
        first.columns().ok_or_else(|| Error::OutputShape {
            rows: first.rows(),
            found: "of a number of columns that only running would tell".to_owned(),
        })
    }

    /// How many rows are best run at a time.
    pub(crate) fn block(&self) -> usize {
        self.plans.last().map_or(1, |(rows, _)| *rows)
    }

    fn first(&self) -> &Plan {
        let first = self.plans[0].1.get().and_then(Option::as_ref);
        first.expect("the first plan was prepared when the graph was loaded")
    }

    /// Runs the rows, of which there is at least one.
    pub(crate) fn run(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>, Error> {
        let mut outputs = Vec::new();
        let mut done = 0;
        while done < rows.nrows() {
            let plan = self.plan_for(rows.nrows() - done);
            let count = plan.rows().min(rows.nrows() - done);
            outputs.push(plan.run(rows.slice_axis(Axis(0), (done..done + count).into()))?);
            done += count;
        }
        if outputs.len() == 1 {
            return Ok(outputs.remove(0));
        }
        let views: Vec<_> = outputs.iter().map(|output| output.view()).collect();
        concatenate(Axis(0), &views).map_err(|error| Error::Run { reason: error.to_string() })
    }

    /// The largest plan that at least a quarter of is used, or else the smallest.
    fn plan_for(&self, waiting: usize) -> &Plan {
        let of_use = self.plans.iter().rev().filter(|(rows, _)| waiting * 4 >= *rows);
        let first = self.first();
        let prepare = |rows| {
            let plan = Plan::prepare(&self.parsed, rows, self.width).ok();
            plan.filter(|plan| plan.agrees_with(first, self.width))
        };
        let mut prepared = of_use.filter_map(|(rows, plan)| plan.get_or_init(|| prepare(*rows)).as_ref());
        prepared.next().unwrap_or(first)
    }
}

fn parse(model: &pb::ModelProto, output: usize) -> Result<InferenceModel, Error> {
    let mut reader = onnx().with_ignore_output_shapes(true).with_ignore_value_info(true);
    reader.provider = Arc::new(NothingOutside);
    let graph = model.graph.as_ref().map(|graph| graph.node.as_slice()).unwrap_or_default();
    if let Some(node) = graph.iter().find(|node| !reader.op_register.0.contains_key(&node.op_type)) {
        let (node, operator) = (node.name.clone(), node.op_type.clone());
        return Err(Error::Operator { node, operator });
    }
    guarded(|| {
        let mut parsed = reader.model_for_proto_model(model)?;
        let chosen = parsed.outputs[output];
        parsed.select_output_outlets(&[chosen])?;
        Ok(parsed)
    })
    .map_err(|reason| Error::Prepare { rows: 1, reason })
}

/// Prepares the smallest plan, which shows whether the graph has a batch of its own.
fn prepare_first(
    parsed: &InferenceModel,
    model: &pb::ModelProto,
    width: usize,
) -> Result<(Batch, Plan), Error> {
    let refused = match Plan::prepare(parsed, 1, width) {
        Ok(plan) => return Ok((Batch::Any, plan)),
        Err(error) => error,
    };
    let mut others = facts::likely_batches(model).into_iter();
    let fixed = others.find_map(|rows| Plan::prepare(parsed, rows, width).ok());
    fixed.map(|plan| (Batch::Fixed(plan.rows()), plan)).ok_or(refused)
}

/// Values that lie in other files are refused before this; it is here so that nothing can be read.
struct NothingOutside;

impl ModelDataResolver for NothingOutside {
    fn read_bytes_from_path(
        &self,
        _buffer: &mut Vec<u8>,
        path: &std::path::Path,
        _offset: usize,
        _length: Option<usize>,
    ) -> TractResult<()> {
        Err(TractError::msg(format!("{} lies outside of the graph", path.display())))
    }
}
