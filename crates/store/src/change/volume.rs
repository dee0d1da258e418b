//! Changes of a volume and of what exists of it on nodes.

use diesel::prelude::*;
use kontena_core::domain::Change;

use super::hit;
use crate::{
    Conn, Result,
    row::{VolumeInstanceRow, VolumeRow},
    schema::{volume_instances, volumes},
};

pub(super) fn write(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::VolumeCreated(volume) => {
            diesel::insert_into(volumes::table).values(VolumeRow::of(volume)?).execute(conn)?;
            Ok(())
        }
        Change::VolumeRemoved(volume) => {
            let row = volumes::table.find(volume.to_string());
            hit("the volume", diesel::delete(row).execute(conn))
        }
        // That node and volume exist is what the references say.
        Change::VolumeInstanceCreated(instance) => {
            let row = VolumeInstanceRow::of(instance);
            diesel::insert_into(volume_instances::table).values(row).execute(conn)?;
            Ok(())
        }
        Change::VolumeInstanceRemoved(instance) => {
            let row = volume_instances::table.find(instance.to_string());
            hit("the volume on its node", diesel::delete(row).execute(conn))
        }
        _ => Ok(()),
    }
}
