/* security.c: who may do what with files and events, as far as POSIX bits can say it. */
#include "internal.h"

#include <aclapi.h>
#include <stdlib.h>

#define SID_CAPACITY SECURITY_MAX_SID_SIZE

typedef union {
    SID sid;
    uint8_t bytes[SID_CAPACITY];
} known_sid;

/* A descriptor whose list has two entries at most, with all that it points to. */
typedef struct {
    SECURITY_ATTRIBUTES attributes;
    SECURITY_DESCRIPTOR descriptor;
    union {
        ACL list;
        uint8_t bytes[sizeof(ACL) + 2 * (sizeof(ACCESS_ALLOWED_ACE) + SID_CAPACITY)];
    } entries;
} descriptor;

static INIT_ONCE made_once = INIT_ONCE_STATIC_INIT;
static bool have_private, have_public;
static known_sid this_user, local_system, administrators, everyone;
static descriptor private_file, private_directory, public_event;

static bool find_this_user(void) {
    union {
        TOKEN_USER user;
        uint8_t bytes[sizeof(TOKEN_USER) + SID_CAPACITY];
    } information;
    HANDLE token;
    DWORD length;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return false;
    bool found = GetTokenInformation(token, TokenUser, &information, sizeof information, &length) &&
                 CopySid(sizeof this_user, &this_user.sid, information.user.User.Sid);
    CloseHandle(token);
    return found;
}

static bool find_known(known_sid *sid, WELL_KNOWN_SID_TYPE type) {
    DWORD length = sizeof *sid;
    return CreateWellKnownSid(type, NULL, &sid->sid, &length);
}

static bool begin(descriptor *made) {
    made->attributes = (SECURITY_ATTRIBUTES){sizeof made->attributes, &made->descriptor, FALSE};
    return InitializeSecurityDescriptor(&made->descriptor, SECURITY_DESCRIPTOR_REVISION) &&
           InitializeAcl(&made->entries.list, sizeof made->entries, ACL_REVISION);
}

static bool allow(descriptor *made, known_sid *sid, DWORD flags, DWORD rights) {
    return AddAccessAllowedAceEx(&made->entries.list, ACL_REVISION, flags, rights, &sid->sid);
}

static bool finish(descriptor *made) {
    /* Protected: nothing is inherited from the directory above. */
    return SetSecurityDescriptorDacl(&made->descriptor, TRUE, &made->entries.list, FALSE) &&
           SetSecurityDescriptorControl(&made->descriptor, SE_DACL_PROTECTED, SE_DACL_PROTECTED);
}

static bool make_private(descriptor *made, DWORD flags) {
    return begin(made) && allow(made, &this_user, flags, FILE_ALL_ACCESS) &&
           allow(made, &local_system, flags, FILE_ALL_ACCESS) && finish(made);
}

static BOOL CALLBACK make_all(PINIT_ONCE once, PVOID parameter, PVOID *context) {
    (void)once, (void)parameter, (void)context;
    const DWORD passed_on = CONTAINER_INHERIT_ACE | OBJECT_INHERIT_ACE;
    bool known = find_this_user() && find_known(&local_system, WinLocalSystemSid) &&
                 find_known(&administrators, WinBuiltinAdministratorsSid) && find_known(&everyone, WinWorldSid);
    have_private = known && make_private(&private_file, 0) && make_private(&private_directory, passed_on);
    have_public = known && begin(&public_event) &&
                  allow(&public_event, &everyone, 0, SYNCHRONIZE | EVENT_MODIFY_STATE) &&
                  allow(&public_event, &this_user, 0, EVENT_ALL_ACCESS) && finish(&public_event);
    return TRUE;
}

static void make_once(void) { InitOnceExecuteOnce(&made_once, make_all, NULL, NULL); }

SECURITY_ATTRIBUTES *weir_private_file(void) {
    make_once();
    return have_private ? &private_file.attributes : NULL;
}

SECURITY_ATTRIBUTES *weir_private_directory(void) {
    make_once();
    return have_private ? &private_directory.attributes : NULL;
}

SECURITY_ATTRIBUTES *weir_public_event(void) {
    make_once();
    return have_public ? &public_event.attributes : NULL;
}

/* The owner, this user, and those who can take any file anyway. */
static bool is_trusted(PSID sid, PSID owner) {
    return EqualSid(sid, owner) || EqualSid(sid, &this_user.sid) || EqualSid(sid, &local_system.sid) ||
           EqualSid(sid, &administrators.sid);
}

static bool allows_only_trusted(PACL list, PSID owner) {
    for (DWORD index = 0; index < list->AceCount; index++) {
        void *entry;
        if (!GetAce(list, index, &entry)) return false;
        const ACE_HEADER *header = entry;
        if ((header->AceFlags & INHERIT_ONLY_ACE) || header->AceType == ACCESS_DENIED_ACE_TYPE) continue;
        /* Object and callback entries are not taken apart: they count as others' access. */
        if (header->AceType != ACCESS_ALLOWED_ACE_TYPE) return false;
        ACCESS_ALLOWED_ACE *allowed = entry;
        if (allowed->Mask != 0 && !is_trusted(&allowed->SidStart, owner)) return false;
    }
    return true;
}

bool weir_is_private(HANDLE file) {
    PSECURITY_DESCRIPTOR found = NULL;
    PACL list = NULL;
    PSID owner = NULL;
    make_once();
    if (!have_private) return false;
    SECURITY_INFORMATION parts = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    if (GetSecurityInfo(file, SE_FILE_OBJECT, parts, &owner, NULL, &list, NULL, &found) != ERROR_SUCCESS) return false;
    bool is_private = owner != NULL && list != NULL && allows_only_trusted(list, owner);
    LocalFree(found);
    return is_private;
}

platform_status weir_make_private(HANDLE file, bool private_to_user) {
    make_once();
    if (!have_private) return weir_fail(ERROR_NOT_SUPPORTED);
    if (private_to_user) {
        SECURITY_INFORMATION parts = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        return SetKernelObjectSecurity(file, parts, &private_file.descriptor) ? PLATFORM_OK : weir_fail_last();
    }
    /* No entries of its own: what the directory above hands down, as for a new file. */
    ACL none;
    if (!InitializeAcl(&none, sizeof none, ACL_REVISION)) return weir_fail_last();
    SECURITY_INFORMATION parts = DACL_SECURITY_INFORMATION | UNPROTECTED_DACL_SECURITY_INFORMATION;
    DWORD code = SetSecurityInfo(file, SE_FILE_OBJECT, parts, NULL, NULL, &none, NULL);
    return code == ERROR_SUCCESS ? PLATFORM_OK : weir_fail(code);
}

platform_status platform_set_permissions(const char *path, uint32_t permissions) {
    wchar_t *wide = weir_path(path);
    if (wide == NULL) return weir_failed();
    DWORD access = READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
    HANDLE file = CreateFileW(wide, access, WEIR_SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        platform_status status = weir_fail_path(wide, GetLastError());
        free(wide);
        return status;
    }
    free(wide);
    bool private_to_user = (permissions & 077) == 0;
    platform_status status = PLATFORM_OK;
    if (weir_is_private(file) != private_to_user) status = weir_make_private(file, private_to_user);

    FILE_BASIC_INFO basic;
    if (status == PLATFORM_OK && GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof basic)) {
        DWORD attributes = basic.FileAttributes & ~(DWORD)(FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_NORMAL);
        bool directory = (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
        if ((permissions & 0222) == 0 && !directory) attributes |= FILE_ATTRIBUTE_READONLY;
        /* Times of 0 stay as they are; attributes of 0 would too, so "none" has a bit of its own. */
        FILE_BASIC_INFO change = {.FileAttributes = attributes == 0 ? FILE_ATTRIBUTE_NORMAL : attributes};
        if (!SetFileInformationByHandle(file, FileBasicInfo, &change, sizeof change)) status = weir_fail_last();
    }
    CloseHandle(file);
    return status;
}
