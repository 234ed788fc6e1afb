internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway
internal import Platform

/// The files that `weir serve init` makes.
struct ServerArtifacts {
  struct Content {
    let token: [UInt8]
    let certificate: [UInt8]
    let key: [UInt8]
  }

  let token: String
  let certificate: String
  let key: String

  /// Finds out where the files are to be, and makes the directories.
  ///
  /// - Throws: Usage for paths that are not distinct; Permission and Io for directories that cannot be made.
  init(_ invocation: Invocation) throws(Failure) {
    let directory = invocation.value(ServeInitCommand.directory) ?? "."
    func path(_ option: Option) -> String {
      let name = invocation.value(option) ?? option.fallback ?? ""
      let isAbsolute = name.utf8.first.map(Paths.isSeparator) == true
      return isAbsolute || directory.utf8.isEmpty || directory.hasSameBytes(as: ".")
        ? name : Paths.join(directory, name)
    }
    token = path(ServeInitCommand.tokenFile)
    certificate = path(ServeInitCommand.certificate)
    key = path(ServeInitCommand.key)
    for path in [token, certificate, key] {
      guard let parent = Paths.parent(of: path) else { continue }
      do throws(SystemError) { try Paths.makeDirectories(parent, privately: true) } catch {
        throw PrivateFile.unwritable(error, parent, "a directory")
      }
    }
    let places = [token, certificate, key].map(Self.place)
    for (index, place) in places.enumerated() where places[..<index].contains(where: { $0.hasSameBytes(as: place) }) {
      throw Failure(
        .usage, "serve init requires distinct artifact paths",
        hint: "Give --token-file, --tls-cert and --tls-key three names.", path: place)
    }
  }

  /// - Throws: AlreadyExists if one of the files is there.
  func requireAbsence() throws(Failure) {
    for path in [token, certificate, key] where (try? File.info(path)) != nil { throw Self.exists(path) }
  }

  /// Writes all three. Without `replacing`, none is left if one cannot be written.
  ///
  /// - Throws: AlreadyExists, Permission, Io.
  func write(_ content: Content, replacing: Bool) throws(Failure) {
    let files = [
      (key, "private key", content.key), (certificate, "certificate", content.certificate),
      (token, "token file", content.token),
    ]
    var made: [String] = []
    for (path, name, bytes) in files {
      do throws(Failure) {
        if replacing {
          try PrivateFile.replace(path, name, with: bytes)
        } else {
          try PrivateFile.create(path, name, with: bytes)
          made.append(path)
        }
      } catch {
        for path in made { try? Paths.remove(path) }
        throw error.kind == .alreadyExists ? Self.exists(path) : error
      }
    }
  }

  private static func exists(_ path: String) -> Failure {
    Failure(
      .alreadyExists, "serve init artifact already exists",
      hint: "Choose another --output-dir, or replace all three files with --force.", path: path)
  }

  /// Which file a path means, however it is spelled.
  private static func place(_ path: String) -> String {
    let parent = Paths.parent(of: path) ?? "."
    return Paths.join((try? Paths.canonical(parent)) ?? parent, Paths.lastPart(of: path))
  }
}
