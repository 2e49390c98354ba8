/* A layer between SQLite and the disk, for tests (LD_PRELOAD).
 *
 * It writes a journal of everything that happens to the files of one directory, in order: writes, truncations, syncs,
 * new and deleted names; and of what the process says on standard output (its acknowledgements). From the journal the
 * test rebuilds the files as a power cut could have left them. While the file named by LAYER_FULL exists, the disk is
 * full.
 *
 * A record is: kind (1 byte), length of the name (1), offset (8), length (8), name, data (of writes and output).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096

static char names[FILES][64];
static const char *directory, *full;
static int journal = -1;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void start(void) {
    real_open = dlsym(RTLD_NEXT, "open");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    directory = getenv("LAYER_DIRECTORY");
    full = getenv("LAYER_FULL");
    const char *path = getenv("LAYER_JOURNAL");
    if (path) journal = real_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

/* The file's name within the directory; "." for the directory itself; 0 for a file that is not watched. */
static const char *watched(const char *path) {
    if (!directory || !path) return 0;
    size_t length = strlen(directory);
    if (strncmp(path, directory, length) != 0) return 0;
    if (path[length] == 0) return ".";
    if (path[length] != '/') return 0;
    const char *name = path + length + 1;
    /* The index in shared memory and the lock are made anew at every start. */
    if (strstr(name, "-shm") || strstr(name, "-lock") || strlen(name) > 60) return 0;
    return name;
}

static const char *name_of(int fd) { return fd >= 0 && fd < FILES && names[fd][0] ? names[fd] : 0; }

static void note(char kind, const char *name, uint64_t offset, uint64_t length, const void *data) {
    if (journal < 0) return;
    char head[18] = {kind, (char)strlen(name)};
    memcpy(head + 2, &offset, 8);
    memcpy(head + 10, &length, 8);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)name, strlen(name)}, {(void *)data, data ? length : 0}};
    ssize_t all = (ssize_t)(parts[0].iov_len + parts[1].iov_len + parts[2].iov_len);
    if (writev(journal, parts, 3) != all) abort();
}

static int is_full(void) {
    if (!full || access(full, F_OK) != 0) return 0;
    errno = ENOSPC;
    return 1;
}

#define LOCKED(type, expression) \
    pthread_mutex_lock(&one_at_a_time); \
    type result = (expression); \
    int kept = errno;
#define UNLOCKED \
    pthread_mutex_unlock(&one_at_a_time); \
    errno = kept; \
    return result;

static int opened(const char *path, int flags, int mode) {
    const char *name = watched(path);
    int is_new = name && (flags & O_CREAT) && access(path, F_OK) != 0;
    LOCKED(int, real_open(path, flags, mode))
    if (result >= 0 && result < FILES) {
        strcpy(names[result], name ? name : "");
        if (is_new) note('c', name, 0, 0, 0);
        if (name && (flags & O_TRUNC)) note('t', name, 0, 0, 0);
    }
    UNLOCKED
}

#define MODE \
    int mode = 0; \
    if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, int); va_end(rest); }

int open(const char *path, int flags, ...) { MODE return opened(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(path, flags, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FILES) names[fd][0] = 0;
    return real_close(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
    const char *name = fd == 1 ? "out" : name_of(fd);
    if (!name) return real_write(fd, data, length);
    if (fd != 1 && is_full()) return -1;
    LOCKED(ssize_t, real_write(fd, data, length))
    /* Files are written at a place of their own (pwrite) by SQLite; only output comes here. */
    if (result > 0 && fd == 1) note('o', name, 0, (uint64_t)result, data);
    UNLOCKED
}

static ssize_t written(int fd, const void *data, size_t length, off_t offset) {
    const char *name = name_of(fd);
    if (!name) return real_pwrite(fd, data, length, offset);
    if (is_full()) return -1;
    LOCKED(ssize_t, real_pwrite(fd, data, length, offset))
    if (result > 0) note('w', name, (uint64_t)offset, (uint64_t)result, data);
    UNLOCKED
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return written(fd, data, length, offset); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return written(fd, data, length, offset); }

static int truncated(int fd, off_t length) {
    const char *name = name_of(fd);
    if (!name) return real_ftruncate(fd, length);
    LOCKED(int, real_ftruncate(fd, length))
    if (result == 0) note('t', name, (uint64_t)length, 0, 0);
    UNLOCKED
}

int ftruncate(int fd, off_t length) { return truncated(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }

static int synced(int fd, int (*sync)(int)) {
    const char *name = name_of(fd);
    if (!name) return sync(fd);
    LOCKED(int, sync(fd))
    if (result == 0) note('s', name, 0, 0, 0);
    UNLOCKED
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int unlink(const char *path) {
    const char *name = watched(path);
    if (!name) return real_unlink(path);
    LOCKED(int, real_unlink(path))
    if (result == 0) note('u', name, 0, 0, 0);
    UNLOCKED
}
