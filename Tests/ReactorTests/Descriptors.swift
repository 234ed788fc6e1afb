#if canImport(Glibc)
  import Glibc

  /// Asks for room for so many open descriptors, as far as the hard limit goes.
  func allowDescriptors(_ count: UInt) {
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(kind, &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
    _ = setrlimit(kind, &limit)
  }
#else
  import Darwin

  /// Asks for room for so many open descriptors, as far as the hard limit goes.
  func allowDescriptors(_ count: UInt) {
    var limit = rlimit()
    guard getrlimit(RLIMIT_NOFILE, &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
    _ = setrlimit(RLIMIT_NOFILE, &limit)
  }
#endif
