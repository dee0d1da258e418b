//! What the master may call, as an explicit list. Every answer is given at once; work that takes time
//! is handed to [`crate::pods`] and `crate::volumes`.

use kontena_protocol::agent::{MasterInfo, NodeInfo, RpcError, json};
use rmpv::Value;

use crate::{engine::PodKey, pods::Inbox, session::Handler, volumes};

/// Answers the master's calls.
pub(crate) struct Calls {
    pods: Inbox,
    volumes: volumes::Inbox,
}

impl Calls {
    pub(crate) fn new(pods: Inbox, volumes: volumes::Inbox) -> Self {
        Self { pods, volumes }
    }

    fn node_info(&self, params: &[Value]) -> Result<Value, RpcError> {
        let info: NodeInfo = argument(params, 0)?;
        log::debug!("this node is {} of grid {}", info.name, info.grid.name);
        self.pods.unlock();
        Ok(empty())
    }

    fn restart(&self, params: &[Value]) -> Result<Value, RpcError> {
        let pod =
            PodKey { service_id: argument(params, 0)?, instance_number: argument(params, 1)? };
        self.pods.restart(pod);
        Ok(empty())
    }
}

impl Handler for Calls {
    fn call(&mut self, method: &str, params: &[Value]) -> Result<Value, RpcError> {
        // Only the second and third segment count; more are ignored.
        let mut segments = method.split('/').skip(1);
        let handler = segments.next().unwrap_or_default();
        let operation = segments.next().unwrap_or_default();
        match (handler, operation) {
            ("agent", "master_info") => master_info(params),
            ("agent", "node_info") => self.node_info(params),
            ("service_pods", "notify_update") => {
                self.pods.list();
                Ok(empty())
            }
            ("service_pods", "restart") => self.restart(params),
            ("volumes", "notify_update") => {
                self.volumes.list();
                Ok(empty())
            }
            // This agent needs no etcd.
            ("etcd", "health") => Ok(Value::Map(vec![("health".into(), true.into())])),
            _ => Err(RpcError::not_implemented()),
        }
    }
}

fn master_info(params: &[Value]) -> Result<Value, RpcError> {
    let info: MasterInfo = argument(params, 0)?;
    let version = info.version.as_deref().unwrap_or("unknown");
    log::info!("connected to master version {version}");
    Ok(empty())
}

fn argument<T: serde::de::DeserializeOwned>(params: &[Value], at: usize) -> Result<T, RpcError> {
    let value = params
        .get(at)
        .ok_or_else(|| RpcError::new(500, "ArgumentError: wrong number of arguments"))?;
    json::decode(value).map_err(|error| RpcError::new(500, format!("ArgumentError: {error}")))
}

fn empty() -> Value {
    Value::Map(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, params: &[Value]) -> Result<Value, RpcError> {
        let (inbox, _end) = crate::pods::inbox();
        Calls::new(inbox, volumes::Inbox::default()).call(method, params)
    }

    #[test]
    fn case_142_unknown_calls_are_not_implemented() {
        for method in ["/foo/bar", "/etcd/get", "", "x", "/service_pods/nope", "/containers/top"] {
            assert_eq!(call(method, &[]), Err(RpcError::not_implemented()), "{method}");
        }
    }

    #[test]
    fn etcd_is_healthy_and_updates_are_answered_at_once() {
        let health = call("/etcd/health", &[]).expect("answered");
        assert_eq!(json::lossy(&health), serde_json::json!({"health": true}));
        let reason = Value::Array(Vec::new());
        for method in ["/service_pods/notify_update/more", "/volumes/notify_update"] {
            assert_eq!(call(method, std::slice::from_ref(&reason)), Ok(empty()), "{method}");
        }
        let error = call("/service_pods/restart", &[Value::from("s")]).expect_err("too few");
        assert_eq!(error.code, 500);
        let error = call("/agent/node_info", &[Value::Nil]).expect_err("malformed");
        assert!(error.message.starts_with("ArgumentError: "));
    }
}
