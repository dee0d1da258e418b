//! What a node's report of a volume means (`agent-protocol.md` 4.2, `/node_volumes/set_state`).
//!
//! Agents remove what the master does not list. So what they report is kept under the identity that they
//! know it by, wherever that identity is free.

use crate::{
    domain::{Change, NodeId, VolumeId, VolumeInstance, VolumeInstanceId},
    moment::Moment,
};

/// Most volumes that are kept of one node.
pub const MOST_OF_NODE: usize = 10_000;

/// A volume of the grid, as a node reports to have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedVolume {
    /// Who reports.
    pub node: NodeId,
    /// The volume, which exists.
    pub volume: VolumeId,
    /// The identity that the node knows it by, if that is one.
    pub id: Option<VolumeInstanceId>,
    /// The engine's name for it.
    pub name: String,
}

/// What is to be written; nothing where the report says nothing new. `same_id` is what has the identity,
/// on whatever node, `same_name` what has the name on the reporting one.
#[must_use]
pub fn adopted(
    reported: &ReportedVolume,
    same_id: Option<&VolumeInstance>,
    same_name: Option<&VolumeInstance>,
    moment: &mut Moment,
) -> Vec<Change> {
    if same_id.is_some_and(|known| known.node == reported.node) {
        return Vec::new();
    }
    let free_id = reported.id.filter(|_| same_id.is_none());
    let mut changes = Vec::new();
    if let Some(known) = same_name {
        if known.volume != reported.volume || free_id.is_none() {
            return Vec::new();
        }
        // The engine has one volume of this name: the one it reports.
        changes.push(Change::VolumeInstanceRemoved(known.id));
    }
    changes.push(Change::VolumeInstanceCreated(VolumeInstance {
        id: free_id.unwrap_or_else(|| VolumeInstanceId::from_bytes(moment.id())),
        volume: reported.volume,
        node: reported.node,
        name: reported.name.clone(),
    }));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    fn id(byte: u8) -> VolumeInstanceId {
        VolumeInstanceId::from_bytes([byte; 12])
    }

    fn known(byte: u8, node: u8, volume: u8) -> VolumeInstance {
        VolumeInstance {
            id: id(byte),
            volume: VolumeId::from_bytes([volume; 12]),
            node: NodeId::from_bytes([node; 12]),
            name: "web.data-1".into(),
        }
    }

    /// Node 1 reports its volume 1 under identity 7, or under none.
    fn adopt(
        has_id: bool,
        same_id: Option<VolumeInstance>,
        same_name: Option<VolumeInstance>,
    ) -> Vec<Change> {
        let VolumeInstance { id, volume, node, name } = known(7, 1, 1);
        let reported = ReportedVolume { node, volume, id: has_id.then_some(id), name };
        let mut moment = Moment::new(Time::default(), 1);
        adopted(&reported, same_id.as_ref(), same_name.as_ref(), &mut moment)
    }

    #[test]
    fn a_free_identity_is_adopted() {
        let made = Change::VolumeInstanceCreated(known(7, 1, 1));
        let other = Change::VolumeInstanceRemoved(id(9));
        assert_eq!(adopt(true, None, Some(known(9, 1, 1))), [other, made.clone()]);
        assert_eq!(adopt(true, None, None), [made]);
    }

    #[test]
    fn one_that_is_taken_or_none_gets_another() {
        for (has_id, same_id) in [(true, Some(known(7, 2, 1))), (false, None)] {
            let changes = adopt(has_id, same_id.clone(), None);
            let [Change::VolumeInstanceCreated(made)] = changes.as_slice() else {
                panic!("{changes:?}");
            };
            assert_eq!(*made, VolumeInstance { id: made.id, ..known(7, 1, 1) });
            assert_ne!(made.id, id(7));
            // And once only.
            assert_eq!(adopt(has_id, same_id, Some(made.clone())), []);
        }
    }

    #[test]
    fn what_is_known_stays() {
        assert_eq!(adopt(true, Some(known(7, 1, 1)), Some(known(7, 1, 1))), []);
        assert_eq!(adopt(true, None, Some(known(9, 1, 2))), [], "the name is another volume's");
    }
}
