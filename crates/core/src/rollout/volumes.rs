//! The volumes an instance needs on its node, made before the instance goes there (`scheduling.md` 5.5,
//! step 2).

use super::{begin, work::Work};
use crate::domain::{
    Change, DeployState, InstanceDeploy, Node, Phase, VolumeInstance, VolumeInstanceId,
};

/// Brings an instance to its target: at once where its volumes are there, else once the node has heard
/// of those that were made for it.
pub(super) fn prepare(work: &mut Work<'_>, number: u32, target: &Node, rev: &str) {
    match make(work, number, target) {
        Ok(false) => begin::bring(work, number, target, rev),
        Ok(true) => {
            work.put_in_flight(number, target, Phase::Preparing);
            work.wake_by(work.now + super::INSTANCE_LIMIT);
            work.refresh_volumes(target.id, number);
        }
        Err(text) => {
            let taken_up = InstanceDeploy {
                number,
                node: Some(target.id),
                node_name: target.name.clone(),
                state: DeployState::Ongoing,
                error: None,
                phase: Phase::Preparing,
                phase_at: work.now,
            };
            work.fail_instance(taken_up, &text);
        }
    }
}

/// Makes what the target lacks of the instance's named volumes; says whether it lacked any. What has the
/// name already is taken for the volume, whatever it was made for, as Kontena does.
fn make(work: &mut Work<'_>, number: u32, target: &Node) -> Result<bool, String> {
    let (snapshot, service) = (work.snapshot, work.service);
    let mut lacked = false;
    for used in service.spec.volumes.iter().filter_map(|volume| volume.volume.as_ref()) {
        let name = used.instance_name(service, number);
        if snapshot.has_volume(target.id, &name) {
            continue;
        }
        let volume = snapshot.volume(&used.name);
        let volume = volume.ok_or_else(|| format!("Volume {} does not exist", used.name))?;
        // Another instance of this step, or another mount of this one, may have made it.
        if work.volumes_made.insert((target.id, name.clone())) {
            let id = VolumeInstanceId::from_bytes(work.moment.id());
            let made = VolumeInstance { id, volume: volume.id, node: target.id, name };
            work.change(Change::VolumeInstanceCreated(made));
            lacked = true;
        }
    }
    Ok(lacked)
}
