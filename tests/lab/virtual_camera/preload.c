/* Preloaded into the scanner: what neither the kernel here nor the virtual camera has.

   /dev/dma_heap is played with plain memory: libcamera and picamera2 open the heap and ask it for buffers, and get files of
   memory (memfd), which can be mapped as a dma-buf can. Whatever the kernel does know stays the kernel's.

   The virtual camera of libcamera 0.4 never says how a frame turned out: picamera2 reads whatever the memory held before, and throws
   all frames away unless that is 0, "success". So new objects of C++ begin as zeros. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char HEAP[] = "/dev/dma_heap/linux,cma"; /* as on a Pi; both look for it */

static int opened(int folder, const char *path, int flags, mode_t mode)
{
	int file = syscall(SYS_openat, folder, path, flags, mode);
	if (file < 0 && errno == ENOENT && path && !strcmp(path, HEAP))
		return memfd_create("heap", MFD_CLOEXEC);
	return file;
}

static mode_t mode_of(int flags, va_list rest)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

/* The names under which C, C++ and Python call it. */
#define OPEN(name)                                                        \
	int name(const char *path, int flags, ...)                        \
	{                                                                 \
		va_list rest;                                             \
		va_start(rest, flags);                                    \
		mode_t mode = mode_of(flags, rest);                       \
		va_end(rest);                                             \
		return opened(AT_FDCWD, path, flags, mode);               \
	}
#define OPENAT(name)                                                      \
	int name(int folder, const char *path, int flags, ...)            \
	{                                                                 \
		va_list rest;                                             \
		va_start(rest, flags);                                    \
		mode_t mode = mode_of(flags, rest);                       \
		va_end(rest);                                             \
		return opened(folder, path, flags, mode);                 \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }

static int allocated(struct dma_heap_allocation_data *wanted)
{
	int memory = memfd_create("buffer", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, wanted->len) < 0)
		return -1;
	wanted->fd = memory;
	return 0;
}

int ioctl(int file, unsigned long request, ...)
{
	va_list rest;
	va_start(rest, request);
	void *what = va_arg(rest, void *);
	va_end(rest);
	int result = syscall(SYS_ioctl, file, request, what);
	if (result >= 0 || errno != ENOTTY)
		return result;
	switch ((unsigned int)request) { /* Python passes a signed number */
	case DMA_HEAP_IOCTL_ALLOC:
		return allocated(what);
	case DMA_BUF_IOCTL_SYNC:
	case (unsigned int)DMA_BUF_SET_NAME_A:
	case (unsigned int)DMA_BUF_SET_NAME_B:
		return 0;
	}
	return result;
}

/* operator new(size_t) */
void *_Znwm(size_t size)
{
	void *memory = calloc(1, size ? size : 1);
	if (!memory)
		abort();
	return memory;
}
