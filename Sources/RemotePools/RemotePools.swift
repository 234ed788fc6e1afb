// RemotePools
