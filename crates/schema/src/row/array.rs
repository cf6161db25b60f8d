//! The value of an array feature: nested as its shape says, or flat.

use serde::de::{MapAccess, SeqAccess};

use super::capture::Excerpt;
use super::cell::Target;
use super::fault::Fault;
use super::reader::{Any, Reader};
use super::scalar::Scalar;
use super::skip::{Skip, drain_array};
use crate::loc::At;

/// How the client writes an array of several axes; its first element decides.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Undecided,
    Nested,
    Flat,
}

/// Reads the array at `at` into the target's column.
pub(super) fn read<'de, A: SeqAccess<'de>>(target: &mut Target<'_>, at: &At<'_>, elements: A) -> Result<(), A::Error> {
    let shape = &target.field.shape;
    let mut form = if shape.len() > 1 { Form::Undecided } else { Form::Nested };
    axis(target, at, shape, &mut form, elements)
}

/// Reads one axis of the array; `axes` are its length and those of the axes inside.
fn axis<'de, A: SeqAccess<'de>>(
    target: &mut Target<'_>,
    at: &At<'_>,
    axes: &[usize],
    form: &mut Form,
    mut elements: A,
) -> Result<(), A::Error> {
    if !target.report.may_enter(at) {
        return drain_array(elements).map(drop);
    }
    let faults_before = target.report.total();
    let (len, inner) = axes.split_first().map_or((0, axes), |(len, inner)| (*len, inner));
    let mut count = 0;
    // The length is known once the first element is; an axis is never empty, so that one is always read.
    let mut expected = len;
    loop {
        let at = at.index(count);
        let more = if count < expected {
            let element = Element { target: &mut *target, at, axes: inner, form: &mut *form };
            elements.next_element_seed(Any(element))?.is_some()
        } else {
            let skip = Skip { report: &mut *target.report, depth: at.depth(), at };
            elements.next_element_seed(Any(skip))?.is_some()
        };
        if !more {
            break;
        }
        count += 1;
        if *form == Form::Flat {
            expected = target.field.width;
        }
    }
    if count > expected {
        target.refuse(at, Fault::too_long(expected, count), super::excerpt::array(count));
    } else if count < expected && target.report.total() == faults_before {
        // pydantic counts only once all elements are what they should be.
        target.refuse(at, Fault::too_short(expected, count), super::excerpt::array(count));
    }
    Ok(())
}

/// One element of an axis: a number, or an array of the axes inside.
struct Element<'e, 't> {
    target: &'e mut Target<'t>,
    at: At<'e>,
    axes: &'e [usize],
    form: &'e mut Form,
}

impl Element<'_, '_> {
    fn is_number(&self) -> bool {
        self.axes.is_empty() || *self.form == Form::Flat
    }

    fn not_expected(&self) -> Fault {
        if self.is_number() { self.target.field.rule.not_a_scalar() } else { Fault::LIST_TYPE }
    }
}

impl<'de> Reader<'de> for Element<'_, '_> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'_>) {
        if *self.form == Form::Undecided {
            *self.form = Form::Flat;
        }
        if self.is_number() {
            self.target.store(&self.at, scalar);
        } else {
            self.target.refuse(&self.at, Fault::LIST_TYPE, super::excerpt::scalar(scalar));
        }
    }

    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        if *self.form == Form::Undecided {
            *self.form = Form::Nested;
        }
        if !self.is_number() {
            return axis(self.target, &self.at, self.axes, self.form, elements);
        }
        let fault = self.not_expected();
        let input = Excerpt { report: &mut *self.target.report, at: self.at }.array(elements)?;
        self.target.refuse(&self.at, fault, input);
        Ok(())
    }

    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        let fault = self.not_expected();
        let input = Excerpt { report: &mut *self.target.report, at: self.at }.object(fields)?;
        self.target.refuse(&self.at, fault, input);
        Ok(())
    }
}
