//! Steps bound to the columns of a schema: what is read, what becomes of it, and which inputs it ends in.

use std::collections::HashMap;

use crate::{
    Block, Error, InputForm, Policy, Schema, StepForm,
    fates::{self, Fate},
    findings::Findings,
    inputs::Input,
    schema::closest,
    steps::{Bound, Misfit},
    strangers::Strangers,
    values::{Shape, Values},
};

/// The values there are at some point of a plan, by name. A step that gives a value under a name that is there
/// already hides the older one from the steps after it.
#[derive(Debug)]
pub(crate) struct Frame {
    slots: HashMap<String, usize>,
    shapes: Vec<Shape>,
    was_read: Vec<bool>,
}

impl Frame {
    /// The columns of a schema, those that are not read left out.
    pub(crate) fn of(schema: &Schema) -> Frame {
        let mut frame = Frame { slots: HashMap::new(), shapes: Vec::new(), was_read: Vec::new() };
        for (_, column, kind) in schema.read() {
            frame.push(&column.name, Shape::of(&column.name, kind));
        }
        frame
    }

    fn push(&mut self, name: &str, shape: Shape) {
        self.slots.insert(name.to_owned(), self.shapes.len());
        self.shapes.push(shape);
        self.was_read.push(false);
    }

    /// The slot of a value.
    fn find(&mut self, name: &str) -> Result<usize, String> {
        match self.slots.get(name) {
            Some(slot) => {
                self.was_read[*slot] = true;
                Ok(*slot)
            }
            None => {
                let close = closest(name, self.slots.keys().map(String::as_str));
                let close = close.map_or(String::new(), |close| format!(", did you mean \"{close}\"?"));
                Err(format!("no column or earlier step is called \"{name}\"{close}"))
            }
        }
    }

    /// The slots that a step reads.
    pub(crate) fn reads(&mut self, place: usize, form: &StepForm) -> Result<Vec<usize>, Error> {
        let refuse = |(number, what): (usize, String)| {
            let path = match &form.reads {
                Reads::One(_) => format!("steps[{place}].column"),
                Reads::Several(_) => format!("steps[{place}].columns[{number}]"),
            };
            Error::Plan { path, what }
        };
        let names = form.reads.names().iter().enumerate();
        names.map(|(number, name)| self.find(name).map_err(|what| refuse((number, what)))).collect()
    }

    pub(crate) fn shapes(&self, slots: &[usize]) -> Vec<&Shape> {
        slots.iter().map(|slot| &self.shapes[*slot]).collect()
    }

    /// Binds a step, which then has a slot of its own.
    pub(crate) fn bind(&mut self, place: usize, form: &StepForm) -> Result<Placed, Error> {
        let reads = self.reads(place, form)?;
        let name = named(place, form)?;
        let bound = form.step.work().bind(&self.shapes(&reads), name);
        let bound = bound.map_err(|misfit| at_step(place, misfit))?;
        self.push(name, bound.shape.clone());
        Ok(Placed { reads, bound })
    }

    /// Keeps a name for what a step gives that is not bound yet.
    pub(crate) fn reserve(&mut self, place: usize, form: &StepForm, shape: Shape) -> Result<(), Error> {
        self.push(named(place, form)?, shape);
        Ok(())
    }

    fn input(&mut self, place: usize, form: &InputForm) -> Result<Input, Error> {
        let refuse =
            |path: String, what: String| Err(Error::Plan { path: format!("inputs[{place}]{path}"), what });
        if form.columns.is_empty() {
            return refuse(".columns".to_owned(), "is empty".to_owned());
        }
        let mut slots = Vec::with_capacity(form.columns.len());
        for (number, name) in form.columns.iter().enumerate() {
            match self.find(name) {
                Ok(slot) => slots.push(slot),
                Err(what) => return refuse(format!(".columns[{number}]"), what),
            }
        }
        let names = form.columns.iter().map(String::as_str);
        let reads: Vec<_> =
            slots.iter().zip(names).map(|(slot, name)| (*slot, name, &self.shapes[*slot])).collect();
        Input::bind(form.element, &reads).or_else(|what| refuse(".columns".to_owned(), what))
    }
}

/// The name of what a step gives.
fn named(place: usize, form: &StepForm) -> Result<&str, Error> {
    form.name().ok_or_else(|| Error::Plan {
        path: format!("steps[{place}].to"),
        what: "is not there: a step that reads several columns needs a name for what it gives".to_owned(),
    })
}

/// Says which step it is that does not fit.
pub(crate) fn at_step(place: usize, misfit: Misfit) -> Error {
    let field = misfit.field.map_or(String::new(), |field| format!(".{field}"));
    Error::Plan { path: format!("steps[{place}]{field}"), what: misfit.what }
}

/// The names that a step reads.
#[derive(Debug, Clone, PartialEq)]
pub enum Reads {
    /// `column`.
    One(String),
    /// `columns`.
    Several(Vec<String>),
}

impl Reads {
    /// The names.
    pub fn names(&self) -> &[String] {
        match self {
            Reads::One(name) => std::slice::from_ref(name),
            Reads::Several(names) => names,
        }
    }
}

/// A step with the slots that it reads.
#[derive(Debug)]
pub(crate) struct Placed {
    pub reads: Vec<usize>,
    pub bound: Bound,
}

impl Placed {
    pub(crate) fn apply(&self, values: &[Values]) -> Values {
        let reads: Vec<&Values> = self.reads.iter().map(|slot| &values[*slot]).collect();
        self.bound.apply.apply(&reads)
    }

    /// The only slot that it reads.
    fn only_read(&self) -> Option<usize> {
        if let [slot] = self.reads.as_slice() { Some(*slot) } else { None }
    }
}

/// A plan that was checked against its schema.
#[derive(Debug)]
pub(crate) struct Program {
    steps: Vec<Placed>,
    /// For each step, the slot whose value it alone reads, if there is one.
    owned: Vec<Option<usize>>,
    inputs: Vec<Input>,
    /// What becomes of a missing and of an unseen cell of each column of the schema.
    fates: Vec<[Fate; 2]>,
    strangers: Strangers,
}

impl Program {
    /// Checks everything once: names, shapes, fitted values, and that nothing is read in vain.
    pub(crate) fn bind(schema: &Schema, steps: &[StepForm], inputs: &[InputForm]) -> Result<Program, Error> {
        let mut frame = Frame::of(schema);
        let forms = steps;
        let steps = forms.iter().enumerate().map(|(place, form)| frame.bind(place, form));
        let steps: Vec<Placed> = steps.collect::<Result<_, _>>()?;
        if inputs.is_empty() {
            return Err(Error::Plan {
                path: "inputs".to_owned(),
                what: "is empty: members eat nothing".to_owned(),
            });
        }
        let mut bound = Vec::with_capacity(inputs.len());
        for (place, form) in inputs.iter().enumerate() {
            if inputs[..place].iter().any(|earlier| earlier.name == form.name) {
                let what = format!("is \"{}\", as another's", form.name);
                return Err(Error::Plan { path: format!("inputs[{place}].name"), what });
            }
            bound.push(frame.input(place, form)?);
        }
        if let Some(((place, column, _), _)) =
            schema.read().zip(&frame.was_read).find(|(_, was_read)| !**was_read)
        {
            let what = format!("reads column \"{}\" (column {place} of the schema) nowhere", column.name);
            return Err(Error::Plan { path: "steps".to_owned(), what });
        }
        let reads: Vec<Vec<usize>> = steps.iter().map(|step| step.reads.clone()).collect();
        let ends: Vec<usize> = bound.iter().flat_map(Input::slots).collect();
        let mut fates = vec![[Fate::default(); 2]; schema.columns().len()];
        let of_read = fates::of(schema.read().count(), forms, &reads, &ends);
        schema.read().zip(of_read).for_each(|((place, ..), of_column)| fates[place] = of_column);
        let strangers = Strangers::of(schema, forms, &steps);
        Ok(Program { owned: owned(&steps, &bound), steps, inputs: bound, fates, strangers })
    }

    /// What becomes of a missing and of an unseen cell of a column, by its place in the schema.
    pub(crate) fn fates(&self, column: usize) -> [Fate; 2] {
        self.fates[column]
    }

    pub(crate) fn strangers(&self) -> &Strangers {
        &self.strangers
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The inputs of some rows, of whose raw columns these are the values.
    pub(crate) fn run(
        &self,
        mut values: Vec<Values>,
        rows: usize,
        policy: &Policy,
        findings: &mut Findings,
    ) -> Vec<Block> {
        for (step, owned) in self.steps.iter().zip(&self.owned) {
            let value = match owned {
                Some(slot) => step.bound.apply.change(values[*slot].take()),
                None => step.apply(&values),
            };
            debug_assert_eq!(value.rows(), rows, "{step:?}");
            values.push(value);
        }
        self.inputs.iter().map(|input| input.assemble(&values, rows, policy, findings)).collect()
    }
}

/// For each step, the slot whose value nothing else reads.
fn owned(steps: &[Placed], inputs: &[Input]) -> Vec<Option<usize>> {
    let of_steps = steps.iter().flat_map(|step| &step.reads).copied();
    let mut readers: HashMap<usize, usize> = HashMap::new();
    for slot in of_steps.chain(inputs.iter().flat_map(Input::slots)) {
        *readers.entry(slot).or_default() += 1;
    }
    steps.iter().map(|step| step.only_read().filter(|slot| readers[slot] == 1)).collect()
}
