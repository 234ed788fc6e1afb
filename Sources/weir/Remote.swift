import PoolCommands

// As in Secure.swift: not on a system, but on whether a module of ours is part of this build.
#if canImport(RemotePools)
  import Documents
  import RemotePools

  /// Reaches pools of other machines over HTTP.
  enum Remote {
    static let maker: RemoteMaker? = RemoteMaker(
      pool: { (text, settings) throws(Failure) in
        access(to: try RemotePool(RemoteReference(text), RemoteSettings(settings)))
      },
      list: { (text, settings) throws(Failure) in
        try RemoteServer(ServerAddress(text), RemoteSettings(settings)).list().map { row in
          RemoteMaker.Row(name: row.name, path: row.path, outcome: row.outcome.map { RemoteAccess.Info($0) })
        }
      },
      isExposed: { text in
        let server = (try? RemoteReference(text).server) ?? (try? ServerAddress(text))
        return server.map { !$0.isSecure && !$0.isLoopback } ?? false
      })

    private static func access(to pool: RemotePool) -> RemoteAccess {
      RemoteAccess(
        text: pool.reference.text,
        create: { (size) throws(Failure) in RemoteAccess.Info(try pool.create(size: size)) },
        open: { () throws(Failure) in RemoteAccess.Info(try pool.open()) },
        info: { () throws(Failure) in RemoteAccess.Info(try pool.info()) },
        delete: { () throws(Failure) in try pool.delete() },
        append: { (document, durability) throws(Failure) in
          let receipt = try pool.append(document: document, durability: durability)
          return RemoteAccess.Receipt(sequence: receipt.sequence, time: receipt.time)
        },
        fetch: { (sequence, show) throws(Failure) in try pool.withMessage(sequence, show) },
        follow: { (selection) throws(Failure) in
          stream(
            of: try RemoteFollower(
              pool, .init(from: selection.start, through: selection.last, newest: selection.newest)))
        })
    }

    private static func stream(of follower: RemoteFollower) -> RemoteStream {
      RemoteStream(
        forEach: { (take) throws(Failure) in
          let batch = try follower.forEach(take)
          return RemoteStream.Batch(
            gap: batch.gap, caughtUp: batch.caughtUp,
            changes: batch.changes.map { change in
              switch change {
              case .lost(let failure): .lost(failure)
              case .regained: .regained
              }
            })
        },
        wait: { follower.wait(until: $0) },
        wake: { follower.wake() })
    }
  }

  extension RemoteAccess.Info {
    fileprivate init(_ info: RemoteInfo) {
      self.init(path: info.path, info: info.info, members: info.members)
    }
  }

  extension RemoteSettings {
    fileprivate init(_ settings: RemoteMaker.Settings) {
      self.init()
      token = settings.token
      authorities = settings.authorities
      skipsVerification = settings.skipsVerification
      pin = settings.pin
      certificate = settings.certificate
      privateKey = settings.key
    }
  }
#else
  enum Remote {
    static let maker: RemoteMaker? = nil
  }
#endif
