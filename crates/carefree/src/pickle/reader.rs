//! Runs the instructions of a pickle, of which none can do more than put values together.

use std::collections::HashMap;

use super::{Constructor, Pickle, PickleError, value::Node};

impl<'a> Pickle<'a> {
    /// Reads a pickle of protocol 2 to 5.
    pub fn read(bytes: &'a [u8]) -> Result<Pickle<'a>, PickleError> {
        if bytes.len() < 2 || bytes[0] != PROTO || !(2..=5).contains(&bytes[1]) {
            let found = bytes.iter().take(2).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
            return Err(PickleError::Protocol { found: found.join(" ") });
        }
        let mut machine = Machine { bytes, ..Machine::default() };
        machine.run()
    }
}

const PROTO: u8 = 0x80;
const MARK: u32 = u32::MAX;
/// As many as a table of millions of rows leaves behind; a value takes far more memory than its byte.
const MOST_VALUES: usize = 8_000_000;

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    /// Where the next byte is read.
    at: usize,
    /// Where the instruction that runs stands.
    instruction: usize,
    nodes: Vec<Node<'a>>,
    stack: Vec<u32>,
    memo: HashMap<u32, u32>,
    /// How many parts the values have that were made of remembered ones.
    copied: usize,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Pickle<'a>, PickleError> {
        loop {
            self.instruction = self.at;
            let code = self.byte()?;
            if code == b'.' {
                let root = self.pop()?;
                if self.at != self.bytes.len() {
                    let bytes = self.bytes.len() - self.at;
                    return Err(PickleError::Trailing { offset: self.at, bytes });
                }
                return Ok(Pickle { nodes: std::mem::take(&mut self.nodes), root });
            }
            self.step(code)?;
        }
    }

    fn step(&mut self, code: u8) -> Result<(), PickleError> {
        match code {
            PROTO => drop(self.byte()?),
            0x95 => drop(self.take(8)?), // FRAME: a length, for readers that read ahead
            b'(' => self.stack.push(MARK),
            b'0' => drop(self.pop_any()?),
            b'1' => drop(self.since_mark()?),
            b'2' => self.duplicate()?,
            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            b'K' | b'M' | b'J' | 0x8a | 0x8b => self.integer(code)?,
            b'G' => self.float()?,
            0x8c | b'X' | 0x8d => self.text(code)?,
            b'C' | b'B' | 0x8e | b'U' | b'T' => self.byte_string(code)?,
            b']' => self.push(Node::List(Vec::new()))?,
            b'}' => self.push(Node::Dict(Vec::new()))?,
            b')' => self.push(Node::Tuple(Vec::new()))?,
            0x8f => self.push(Node::Set(Vec::new()))?,
            b'l' => self.gather(Node::List)?,
            b't' => self.gather(Node::Tuple)?,
            0x91 => self.gather(Node::Set)?,
            0x85..=0x87 => self.small_tuple(code - 0x84)?,
            b'a' => self.append_one()?,
            b'e' | 0x90 => self.append_many()?,
            b's' => self.set_one()?,
            b'u' => self.set_many()?,
            b'q' | b'r' | 0x94 => self.remember(code)?,
            b'h' | b'j' => self.recall(code)?,
            b'c' | 0x93 => self.name(code)?,
            b'R' | 0x81 => self.call()?,
            b'b' => self.build()?,
            _ => return Err(PickleError::Instruction { code, offset: self.instruction }),
        }
        Ok(())
    }

    // Reading bytes.

    fn take(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let inside = "an instruction";
        let end = end.ok_or(PickleError::End { offset: self.bytes.len(), inside })?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned number of up to eight bytes, little-endian.
    fn unsigned(&mut self, width: usize) -> Result<u64, PickleError> {
        Ok(self.take(width)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn sized(&mut self, width: usize) -> Result<&'a [u8], PickleError> {
        let length = self.unsigned(width)?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or(PickleError::End { offset: self.bytes.len(), inside: "a name" })?;
        let line = self.take(end)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| self.unfit("a name in UTF-8", "other bytes"))
    }

    // Plain values.

    fn integer(&mut self, code: u8) -> Result<(), PickleError> {
        let number = match code {
            b'K' => self.unsigned(1)? as i64,
            b'M' => self.unsigned(2)? as i64,
            b'J' => i64::from(self.unsigned(4)? as u32 as i32),
            _ => {
                let bytes = if code == 0x8a { self.sized(1)? } else { self.sized(4)? };
                if bytes.len() > 8 {
                    return Err(self.unfit("an integer of 64 bits", format!("{} bytes", bytes.len())));
                }
                let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
                let start = if negative { -1 } else { 0 };
                bytes.iter().rev().fold(start, |number: i64, byte| number << 8 | i64::from(*byte))
            }
        };
        self.push(Node::Int(number))
    }

    fn float(&mut self) -> Result<(), PickleError> {
        let bits = self.take(8)?.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        self.push(Node::Float(f64::from_bits(bits)))
    }

    fn text(&mut self, code: u8) -> Result<(), PickleError> {
        let width = match code {
            0x8c => 1,
            b'X' => 4,
            _ => 8,
        };
        let bytes = self.sized(width)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.unfit("text in UTF-8", "other bytes"))?;
        self.push(Node::Text(text))
    }

    fn byte_string(&mut self, code: u8) -> Result<(), PickleError> {
        let width = match code {
            b'C' | b'U' => 1,
            b'B' | b'T' => 4,
            _ => 8,
        };
        let bytes = self.sized(width)?;
        self.push(Node::Bytes(bytes))
    }

    // The stack.

    fn push(&mut self, node: Node<'a>) -> Result<(), PickleError> {
        if self.nodes.len() >= MOST_VALUES {
            return Err(PickleError::TooManyValues { offset: self.instruction, limit: MOST_VALUES });
        }
        self.stack.push(self.nodes.len() as u32);
        self.nodes.push(node);
        Ok(())
    }

    fn pop_any(&mut self) -> Result<u32, PickleError> {
        self.stack.pop().ok_or_else(|| self.unfit("a value on the stack", "none"))
    }

    fn pop(&mut self) -> Result<u32, PickleError> {
        match self.pop_any()? {
            MARK => Err(self.unfit("a value on the stack", "a mark")),
            value => Ok(value),
        }
    }

    fn last(&self) -> Result<u32, PickleError> {
        let value = self.stack.last().copied().filter(|value| *value != MARK);
        value.ok_or_else(|| self.unfit("a value on the stack", "none"))
    }

    fn since_mark(&mut self) -> Result<Vec<u32>, PickleError> {
        let mark = self.stack.iter().rposition(|value| *value == MARK);
        let mark = mark.ok_or_else(|| self.unfit("a mark on the stack", "none"))?;
        let values = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(values)
    }

    fn duplicate(&mut self) -> Result<(), PickleError> {
        let last = self.last()?;
        self.stack.push(last);
        Ok(())
    }

    fn remember(&mut self, code: u8) -> Result<(), PickleError> {
        let place = match code {
            b'q' => self.unsigned(1)? as u32,
            b'r' => self.unsigned(4)? as u32,
            _ => self.memo.len() as u32,
        };
        let last = self.last()?;
        self.memo.insert(place, last);
        Ok(())
    }

    fn recall(&mut self, code: u8) -> Result<(), PickleError> {
        let place = self.unsigned(if code == b'h' { 1 } else { 4 })? as u32;
        let value = self.memo.get(&place).copied();
        let value = value.ok_or_else(|| self.unfit("a remembered value", format!("nothing at {place}")))?;
        self.stack.push(value);
        Ok(())
    }

    // Collections.

    fn gather(&mut self, make: fn(Vec<u32>) -> Node<'a>) -> Result<(), PickleError> {
        let items = self.since_mark()?;
        self.push(make(items))
    }

    fn small_tuple(&mut self, count: u8) -> Result<(), PickleError> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        self.push(Node::Tuple(items))
    }

    fn append_one(&mut self) -> Result<(), PickleError> {
        let item = self.pop()?;
        self.append(vec![item])
    }

    fn append_many(&mut self) -> Result<(), PickleError> {
        let items = self.since_mark()?;
        self.append(items)
    }

    fn append(&mut self, more: Vec<u32>) -> Result<(), PickleError> {
        let last = self.last()? as usize;
        match &mut self.nodes[last] {
            Node::List(items) | Node::Set(items) => items.extend(more),
            _ => return Err(self.unfit("a list or a set", self.kind(last as u32))),
        }
        Ok(())
    }

    fn set_one(&mut self) -> Result<(), PickleError> {
        let (value, key) = (self.pop()?, self.pop()?);
        self.set(&[key, value])
    }

    fn set_many(&mut self) -> Result<(), PickleError> {
        let items = self.since_mark()?;
        self.set(&items)
    }

    fn set(&mut self, items: &[u32]) -> Result<(), PickleError> {
        if !items.len().is_multiple_of(2) {
            return Err(self.unfit("keys with values", "a key without"));
        }
        let last = self.last()? as usize;
        match &mut self.nodes[last] {
            Node::Dict(pairs) => pairs.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(self.unfit("a dict", self.kind(last as u32))),
        }
        Ok(())
    }

    // Names and what is made of them.

    fn name(&mut self, code: u8) -> Result<(), PickleError> {
        let (module, name) = if code == b'c' {
            (self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            (self.text_of(module)?, self.text_of(name)?)
        };
        let constructor = Constructor::named(module, name);
        let constructor = constructor.ok_or_else(|| self.refused(format!("{module}.{name}")))?;
        self.push(Node::Constructor(constructor))
    }

    fn call(&mut self) -> Result<(), PickleError> {
        let (arguments, called) = (self.pop()?, self.pop()?);
        let Node::Tuple(arguments) = &self.nodes[arguments as usize] else {
            return Err(self.unfit("a tuple of arguments", self.kind(arguments)));
        };
        let Node::Constructor(constructor) = &self.nodes[called as usize] else {
            return Err(self.unfit("one of the allowed names", self.kind(called)));
        };
        let made = self.make(constructor, arguments)?;
        self.count_copy(&made)?;
        self.push(made)
    }

    /// What is made of remembered values copies them. A pickle that stays in bounds cannot grow by
    /// doing so again and again.
    fn count_copy(&mut self, made: &Node<'a>) -> Result<(), PickleError> {
        self.copied += made.parts();
        if self.copied > self.bytes.len().saturating_mul(16) {
            return Err(self.unfit("values made once", "the same made many times over"));
        }
        Ok(())
    }

    fn make(&self, constructor: &Constructor, arguments: &[u32]) -> Result<Node<'a>, PickleError> {
        let unfit = || self.unfit("arguments that fit the name", format!("{} others", arguments.len()));
        Ok(match (constructor, arguments) {
            (Constructor::Wrapped(name), [value]) => Node::Wrapped { name, value: *value },
            (Constructor::Object(name), []) => Node::Object { name },
            (Constructor::Counter, []) => Node::Dict(Vec::new()),
            (Constructor::Counter, [counts]) => match &self.nodes[*counts as usize] {
                Node::Dict(pairs) => Node::Dict(pairs.clone()),
                _ => return Err(unfit()),
            },
            (Constructor::Set, []) => Node::Set(Vec::new()),
            (Constructor::Set, [items]) => Node::Set(self.items_of(*items).ok_or_else(unfit)?.to_vec()),
            (Constructor::Namedtuple, [_, fields, _]) => {
                Node::Constructor(Constructor::Record(self.items_of(*fields).ok_or_else(unfit)?.to_vec()))
            }
            (Constructor::Record(fields), values) => {
                Node::Record { fields: fields.clone(), values: values.to_vec() }
            }
            (Constructor::ImportModule, [module]) => {
                let module = self.text_of(*module)?;
                let known = Constructor::module(module);
                Node::Constructor(known.ok_or_else(|| self.refused(module.to_owned()))?)
            }
            (Constructor::Attribute, [module, name]) => self.attribute(*module, *name)?,
            (Constructor::LoadType, [name]) => match self.text_of(*name)? {
                "set" => Node::Constructor(Constructor::Set),
                other => return Err(self.refused(format!("dill._dill._load_type({other})"))),
            },
            (Constructor::Reconstruct, [_, _, _]) => Node::Unfilled,
            (Constructor::ElementType, [code, ..]) => {
                Node::ElementType { code: self.text_of(*code)?, little_endian: true }
            }
            (Constructor::Scalar, [element, data]) => self.array(Vec::new(), *element, *data)?,
            _ => return Err(unfit()),
        })
    }

    fn attribute(&self, module: u32, name: u32) -> Result<Node<'a>, PickleError> {
        let Node::Constructor(Constructor::Module(module)) = &self.nodes[module as usize] else {
            return Err(self.unfit("a module", self.kind(module)));
        };
        let name = self.text_of(name)?;
        let constructor = Constructor::named(module, name);
        Ok(Node::Constructor(constructor.ok_or_else(|| self.refused(format!("{module}.{name}")))?))
    }

    fn build(&mut self) -> Result<(), PickleError> {
        let (state, built) = (self.pop()?, self.last()?);
        let filled = match &self.nodes[built as usize] {
            // The state of an object and of a Counter is left behind: nothing reads it.
            Node::Object { .. } | Node::Dict(_) => return Ok(()),
            Node::Unfilled => self.array_state(state)?,
            Node::ElementType { code, .. } => {
                let order = self.items_of(state).and_then(|items| items.get(1).copied());
                let order = order.map(|order| self.text_of(order)).transpose()?;
                let little_endian = match order {
                    Some("<" | "|" | "=") => true,
                    Some(">") => false,
                    _ => return Err(self.unfit("an element type's byte order", "something else")),
                };
                Node::ElementType { code, little_endian }
            }
            _ => return Err(self.unfit("an object, an array or an element type", self.kind(built))),
        };
        self.count_copy(&filled)?;
        self.nodes[built as usize] = filled;
        Ok(())
    }

    /// numpy's state of an array: version, shape, element type, whether by columns, data.
    fn array_state(&self, state: u32) -> Result<Node<'a>, PickleError> {
        let items = self.items_of(state).unwrap_or_default();
        let [_, shape, element, by_columns, data] = items else {
            return Err(self.unfit("the five parts of an array", format!("{} parts", items.len())));
        };
        let shape = self.items_of(*shape).unwrap_or_default();
        let dimension = |at: &u32| match self.nodes[*at as usize] {
            Node::Int(dimension) => usize::try_from(dimension).map_err(|_| ()),
            _ => Err(()),
        };
        let shape: Result<Vec<usize>, ()> = shape.iter().map(dimension).collect();
        let shape = shape.map_err(|()| self.unfit("an array's shape", "something else"))?;
        let by_columns = matches!(self.nodes[*by_columns as usize], Node::Bool(true));
        if by_columns && shape.len() > 1 && shape.iter().filter(|dimension| **dimension > 1).count() > 1 {
            return Err(self.unfit("an array by rows", "one by columns"));
        }
        self.array(shape, *element, *data)
    }

    fn array(&self, shape: Vec<usize>, element: u32, data: u32) -> Result<Node<'a>, PickleError> {
        if !matches!(self.nodes[element as usize], Node::ElementType { .. }) {
            return Err(self.unfit("an element type", self.kind(element)));
        }
        let count = shape.iter().try_fold(1_usize, |count, dimension| count.checked_mul(*dimension));
        let held = match &self.nodes[data as usize] {
            Node::Bytes(bytes) => bytes.len(),
            Node::List(items) => items.len(),
            _ => return Err(self.unfit("an array's values", self.kind(data))),
        };
        // Each value takes at least a byte, or is an item of a list.
        match count {
            Some(count) if count <= held => Ok(Node::Array { shape, element, data }),
            _ => Err(self.unfit("as many values as the array's shape", format!("{held} bytes or items"))),
        }
    }

    // Looking at values.

    fn text_of(&self, at: u32) -> Result<&'a str, PickleError> {
        match self.nodes[at as usize] {
            Node::Text(text) => Ok(text),
            _ => Err(self.unfit("text", self.kind(at))),
        }
    }

    fn items_of(&self, at: u32) -> Option<&[u32]> {
        match &self.nodes[at as usize] {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => Some(items),
            _ => None,
        }
    }

    fn kind(&self, at: u32) -> &'static str {
        let kinds = Pickle { nodes: vec![self.nodes[at as usize].clone()], root: 0 };
        kinds.root().kind()
    }

    fn unfit(&self, expected: &'static str, found: impl Into<String>) -> PickleError {
        PickleError::Unfit { offset: self.instruction, expected, found: found.into() }
    }

    fn refused(&self, name: String) -> PickleError {
        const LONGEST: usize = 200;
        let name: String = name.chars().take(LONGEST).collect();
        PickleError::Name { name: name.escape_debug().to_string(), offset: self.instruction }
    }
}
