drop table memory_peaks;
drop table volume_instances;
drop table volumes;
