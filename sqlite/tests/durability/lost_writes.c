// A disk that loses unsynced writes, preloaded into a process.
//
// DISK_FOLDER    the folder of the store, whose files are on that disk
// DISK_IMAGES    a folder with the state of the disk: `data.INODE` is the content of a file, `entries`
//                the names of the folder, and `removed.INODE` a file that has no name any more
// DISK_IGNORES   names with this end are not synced, although the call reports it; "/" is the folder
// DISK_DELAY     milliseconds that a sync takes
// DISK_COUNTER   a file that grows by one byte with each sync
//
// A write, a new name, a truncation and a removal reach `DISK_IMAGES` by a sync of the file or of the
// folder only. A new file needs both. The test adds some of the other changes at random. Without
// `DISK_IMAGES`, syncs are real.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

static void fail(const char *what) {
    perror(what);
    abort();
}

// The lock of all processes and threads, released by the kernel when a process is killed.
static int lock(const char *images) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock", images);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) fail("lost_writes: lock");
    return fd;
}

// Writes the blocks that differ. A process that is killed meanwhile leaves some of them, as a disk
// does.
static void sync_data(const char *images, int fd, const struct stat *file) {
    char path[PATH_MAX];
    static __thread char now[BLOCK], known[BLOCK];
    snprintf(path, sizeof path, "%s/data.%lu", images, (unsigned long)file->st_ino);
    int image = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (image < 0) fail("lost_writes: image");
    off_t at = 0;
    for (ssize_t length; (length = pread(fd, now, BLOCK, at)) > 0; at += length) {
        if (pread(image, known, length, at) != length || memcmp(now, known, length) != 0) {
            if (pwrite(image, now, length, at) != length) fail("lost_writes: write");
        }
    }
    if (ftruncate(image, at) != 0) fail("lost_writes: truncate");
    close(image);
}

static void sync_entries(const char *images, const char *folder) {
    char path[PATH_MAX], next[PATH_MAX];
    snprintf(path, sizeof path, "%s/entries", images);
    snprintf(next, sizeof next, "%s/entries.next", images);
    FILE *entries = fopen(next, "we");
    DIR *files = opendir(folder);
    if (!entries || !files) fail("lost_writes: entries");
    for (struct dirent *file; (file = readdir(files));) {
        if (file->d_type == DT_REG) {
            fprintf(entries, "%lu %s\n", (unsigned long)file->d_ino, file->d_name);
        }
    }
    closedir(files);
    fclose(entries);
    if (rename(next, path) != 0) fail("lost_writes: rename");
}

static int sync_file(int fd, const char *name) {
    const char *folder = getenv("DISK_FOLDER"), *images = getenv("DISK_IMAGES");
    const char *ignores = getenv("DISK_IGNORES"), *delay = getenv("DISK_DELAY");
    const char *counter = getenv("DISK_COUNTER");
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    char link[64], path[PATH_MAX];
    struct stat file;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!folder || length < 0 || fstat(fd, &file) != 0) return real(fd);
    path[length] = 0;
    size_t of_folder = strlen(folder);
    int is_folder = strcmp(path, folder) == 0;
    int is_inside = strncmp(path, folder, of_folder) == 0 && path[of_folder] == '/';
    if (!is_folder && !is_inside) return real(fd);

    if (counter) {
        int count = open(counter, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (count < 0 || write(count, ".", 1) != 1) fail("lost_writes: counter");
        close(count);
    }
    if (delay) {
        long millis = atol(delay);
        struct timespec time = {millis / 1000, millis % 1000 * 1000000};
        while (nanosleep(&time, &time) != 0 && errno == EINTR) {
        }
    }
    if (!images) return real(fd);
    if (ignores && ends_with(is_folder ? "/" : path, ignores)) return 0;
    int held = lock(images);
    if (is_folder) {
        sync_entries(images, folder);
    } else {
        sync_data(images, fd, &file);
    }
    close(held);
    return 0;
}

int fsync(int fd) { return sync_file(fd, "fsync"); }

int fdatasync(int fd) { return sync_file(fd, "fdatasync"); }

// The file moves out of the folder, so that no other file gets its inode number.
int unlink(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    const char *folder = getenv("DISK_FOLDER"), *images = getenv("DISK_IMAGES");
    char whole[PATH_MAX], removed[PATH_MAX];
    struct stat file;
    if (!folder || !images || !realpath(path, whole)) return real(path);
    size_t of_folder = strlen(folder);
    if (strncmp(whole, folder, of_folder) != 0 || whole[of_folder] != '/') return real(path);
    if (stat(whole, &file) != 0) return real(path);
    snprintf(removed, sizeof removed, "%s/removed.%lu", images, (unsigned long)file.st_ino);
    return rename(whole, removed);
}
