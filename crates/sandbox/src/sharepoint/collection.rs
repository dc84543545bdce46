//! `$filter`, `$orderby`, `$top` and `$skip` on collections other than list items.

use serde_json::Value;

use crate::sites::{Dialect, Order, parse_filter};

use super::Call;
use super::entity::{Answer, Entity};
use super::error::{Outcome, SpError};

impl Call<'_> {
    /// Answers an entity with `$select` applied.
    pub(super) fn one(&self, mut entity: Entity) -> Outcome<Answer> {
        entity.select(&self.options.select())?;
        Ok(Answer::Entity(entity))
    }

    /// Answers a small collection with all query options applied.
    pub(super) fn many(&self, mut entities: Vec<Entity>) -> Outcome<Answer> {
        if let Some(text) = self.options.get("$filter") {
            let filter = parse_filter(text, Dialect::SharePoint).map_err(SpError::bad_query)?;
            if let (Some(first), Some(field)) = (entities.first(), filter.fields().first())
                && first.get(field.split('/').next().unwrap_or(field)).is_none()
            {
                return Err(SpError::no_field(field));
            }
            entities.retain(|entity| filter.holds(&|field: &str| entity.filter_value(field)));
        }
        for order in self.options.get("$orderby").map(Order::parse).unwrap_or_default().iter().rev() {
            entities.sort_by(|left, right| {
                let (left, right) =
                    (sort_key(&left.filter_value(&order.field)), sort_key(&right.filter_value(&order.field)));
                if order.descending { right.cmp(&left) } else { left.cmp(&right) }
            });
        }
        let skip = self.options.number("$skip").map_err(SpError::bad_query)?.unwrap_or(0);
        let top = self.options.number("$top").map_err(SpError::bad_query)?.unwrap_or(usize::MAX);
        let mut entities: Vec<Entity> = entities.into_iter().skip(skip).take(top).collect();
        let select = self.options.select();
        entities.iter_mut().try_for_each(|entity| entity.select(&select))?;
        Ok(Answer::Collection { entities, next: None })
    }

    /// Whether `$expand` names a property of the top level.
    pub(super) fn expands(&self, name: &str) -> bool {
        self.options
            .expand()
            .iter()
            .any(|expand| expand.split('/').next().is_some_and(|top| top.eq_ignore_ascii_case(name)))
    }
}

/// Numbers before texts; texts without case.
fn sort_key(value: &Value) -> (u64, String) {
    match value {
        Value::Number(number) => (number.as_u64().unwrap_or(0), String::new()),
        other => (u64::MAX, other.as_str().unwrap_or_default().to_lowercase()),
    }
}
