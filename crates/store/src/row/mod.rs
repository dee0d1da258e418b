//! Rows as the tables hold them, and their conversions. They do not leave this crate.
//!
//! A row has only plain numbers and texts; what cannot be read back as a noun of the domain is
//! [`StoreError::Corrupt`], never a panic.

mod container;
mod deploy;
mod grid;
mod instance;
mod node;
mod service;
mod volume;

pub(crate) use container::{ContainerRow, VisibleRow};
pub(crate) use deploy::{DeployRow, InstanceDeployRow};
pub(crate) use grid::{GridRow, GridSettings, NewGridRow};
pub(crate) use instance::InstanceRow;
pub(crate) use node::NodeRow;
pub(crate) use service::ServiceRow;
pub(crate) use volume::{VolumeInstanceRow, VolumeRow};

use std::str::FromStr;

use chrono::DateTime;
use kontena_core::domain::Time;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Result, StoreError};

/// Microseconds since 1970.
pub(crate) fn micros(at: Time) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn micros_opt(at: Option<Time>) -> Option<i64> {
    at.map(micros)
}

pub(crate) fn time(table: &'static str, micros: i64) -> Result<Time> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| StoreError::corrupt(table, format!("time {micros}")))
}

pub(crate) fn time_opt(table: &'static str, micros: Option<i64>) -> Result<Option<Time>> {
    micros.map(|micros| time(table, micros)).transpose()
}

pub(crate) fn id<T: FromStr>(table: &'static str, text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::corrupt(table, format!("id {text:?}")))
}

pub(crate) fn id_opt<T: FromStr>(table: &'static str, text: Option<&str>) -> Result<Option<T>> {
    text.map(|text| id(table, text)).transpose()
}

/// A value as JSON text.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::corrupt("(new row)", error))
}

pub(crate) fn to_json_opt<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(to_json).transpose()
}

pub(crate) fn from_json<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(table, error))
}

pub(crate) fn from_json_opt<T: DeserializeOwned>(
    table: &'static str,
    text: Option<&str>,
) -> Result<Option<T>> {
    text.map(|text| from_json(table, text)).transpose()
}

/// Reads one of the domain's words (`running`, `ha`, …) by its serialised name.
pub(crate) fn word<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| StoreError::corrupt(table, error))
}

/// A count or number that the domain holds unsigned.
pub(crate) fn unsigned(table: &'static str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError::corrupt(table, format!("number {number}")))
}

/// A number of the domain as the tables hold it; numbers stay far below 2^31.
pub(crate) fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
