obs_stream() { :; }
