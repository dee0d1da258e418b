//! The tables, as diesel sees them; written by `diesel print-schema` (see `diesel.toml`) and the same in
//! both dialects.

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    grids (id) {
        id -> Text,
        name -> Text,
        token_hash -> Text,
        token_sealed -> Text,
        initial_size -> Integer,
        subnet -> Text,
        supernet -> Text,
        default_affinity -> Text,
        trusted_subnets -> Text,
        statsd -> Nullable<Text>,
        logs -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    stacks (id) {
        id -> Text,
        grid_id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    nodes (id) {
        id -> Text,
        grid_id -> Text,
        number -> Integer,
        name -> Text,
        engine_id -> Nullable<Text>,
        token_hash -> Nullable<Text>,
        token_sealed -> Nullable<Text>,
        labels -> Text,
        availability -> Text,
        connected -> Bool,
        updated -> Bool,
        connected_at -> Nullable<BigInt>,
        disconnected_at -> Nullable<BigInt>,
        last_seen_at -> Nullable<BigInt>,
        connection -> Nullable<Text>,
        agent_version -> Nullable<Text>,
        report -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        figures -> Nullable<Text>,
        marked_offline_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    services (id) {
        id -> Text,
        grid_id -> Text,
        stack_id -> Text,
        name -> Text,
        spec -> Text,
        instances -> BigInt,
        state -> Text,
        revision -> BigInt,
        stack_revision -> Nullable<BigInt>,
        deploy_requested_at -> Nullable<BigInt>,
        deployed_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    service_revisions (service_id, revision) {
        service_id -> Text,
        revision -> BigInt,
        spec -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    instances (service_id, number) {
        id -> Text,
        grid_id -> Text,
        service_id -> Text,
        number -> Integer,
        node_id -> Nullable<Text>,
        desired_state -> Text,
        deploy_rev -> Nullable<Text>,
        service_revision -> Nullable<BigInt>,
        rev -> Nullable<Text>,
        state -> Text,
        error -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    hook_marks (service_id, number, hook_id) {
        service_id -> Text,
        number -> Integer,
        hook_id -> Text,
    }
}

diesel::table! {
    node_samples (node_id, slot) {
        node_id -> Text,
        slot -> Integer,
        at -> BigInt,
        sample -> Text,
    }
}

diesel::table! {
    containers (id) {
        id -> Text,
        grid_id -> Text,
        node_id -> Text,
        container_id -> Text,
        name -> Text,
        kind -> Text,
        service_id -> Nullable<Text>,
        instance_number -> Nullable<Integer>,
        stack_name -> Nullable<Text>,
        service_name -> Nullable<Text>,
        details -> Text,
        health -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    volumes (id) {
        id -> Text,
        grid_id -> Text,
        name -> Text,
        scope -> Text,
        driver -> Text,
        driver_opts -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    volume_instances (id) {
        id -> Text,
        volume_id -> Text,
        node_id -> Text,
        name -> Text,
    }
}

diesel::table! {
    memory_peaks (service_id, slot) {
        service_id -> Text,
        slot -> Integer,
        at -> BigInt,
        bytes -> BigInt,
    }
}

diesel::table! {
    deploys (id) {
        id -> Text,
        grid_id -> Text,
        service_id -> Text,
        origin -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        explanation -> Nullable<Text>,
        deploy_rev -> Nullable<Text>,
        total -> Nullable<Integer>,
        created_at -> BigInt,
        queued_at -> Nullable<BigInt>,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    instance_deploys (deploy_id, number) {
        deploy_id -> Text,
        number -> Integer,
        node_id -> Nullable<Text>,
        node_name -> Text,
        state -> Text,
        error -> Nullable<Text>,
        phase -> Text,
        phase_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        name -> Text,
        created_at -> BigInt,
        external_id -> Nullable<Text>,
    }
}

diesel::table! {
    user_roles (user_id, role) {
        user_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    grid_users (grid_id, user_id) {
        grid_id -> Text,
        user_id -> Text,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        token_hash -> Text,
        refresh_hash -> Nullable<Text>,
        last_four -> Nullable<Text>,
        refresh_last_four -> Nullable<Text>,
        scopes -> Text,
        description -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        grid_id -> Text,
        at -> BigInt,
        severity -> SmallInt,
        kind -> Text,
        message -> Text,
        service_id -> Nullable<Text>,
        node_id -> Nullable<Text>,
        instance_number -> Nullable<Integer>,
        stack_name -> Nullable<Text>,
        service_name -> Nullable<Text>,
    }
}

diesel::table! {
    container_logs (id) {
        id -> BigInt,
        grid_id -> Text,
        node_id -> Text,
        container_id -> Text,
        container_name -> Text,
        service_id -> Nullable<Text>,
        stack_name -> Nullable<Text>,
        service_name -> Nullable<Text>,
        instance_number -> Nullable<Integer>,
        at -> BigInt,
        stream -> Text,
        data -> Text,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> BigInt,
        grid_name -> Nullable<Text>,
        resource_type -> Text,
        resource_name -> Text,
        resource_id -> Text,
        event_name -> Text,
        outcome -> Text,
        user_id -> Text,
        user_email -> Text,
        source_ip -> Text,
        user_agent -> Text,
        description -> Text,
    }
}

diesel::table! {
    lease (id) {
        id -> Integer,
        epoch -> BigInt,
        holder -> Text,
        renewed_at -> BigInt,
    }
}

diesel::table! {
    secrets (id) {
        id -> Text,
        grid_id -> Text,
        name -> Text,
        value_sealed -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    registries (id) {
        id -> Text,
        grid_id -> Text,
        name -> Text,
        url -> Text,
        username -> Text,
        password_sealed -> Text,
        email -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::joinable!(stacks -> grids (grid_id));
diesel::joinable!(nodes -> grids (grid_id));
diesel::joinable!(services -> stacks (stack_id));
diesel::joinable!(service_revisions -> services (service_id));
diesel::joinable!(instances -> services (service_id));
diesel::joinable!(node_samples -> nodes (node_id));
diesel::joinable!(containers -> nodes (node_id));
diesel::joinable!(volume_instances -> volumes (volume_id));
diesel::joinable!(memory_peaks -> services (service_id));
diesel::joinable!(deploys -> services (service_id));
diesel::joinable!(instance_deploys -> deploys (deploy_id));
diesel::joinable!(tokens -> users (user_id));
diesel::joinable!(user_roles -> users (user_id));
diesel::joinable!(grid_users -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    grids,
    stacks,
    nodes,
    services,
    service_revisions,
    instances,
    hook_marks,
    node_samples,
    containers,
    volumes,
    volume_instances,
    memory_peaks,
    deploys,
    instance_deploys,
    users,
    user_roles,
    grid_users,
    tokens,
    events,
    container_logs,
    audit_log,
    lease,
    secrets,
    registries,
);
