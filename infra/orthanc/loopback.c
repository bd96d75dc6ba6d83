/* Loaded before Orthanc (LD_PRELOAD): whoever asks to listen on every address gets loopback only.
   Debian's Orthanc cannot be told an address; RemoteAccessAllowed refuses late and guards HTTP only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int (*bind_function)(int, const struct sockaddr *, socklen_t);

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    bind_function real_bind = (bind_function)dlsym(RTLD_NEXT, "bind");

    if (address && address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in local;
        memcpy(&local, address, sizeof local);
        if (local.sin_addr.s_addr == htonl(INADDR_ANY))
            local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return real_bind(fd, (struct sockaddr *)&local, sizeof local);
    }
    if (address && address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 local;
        memcpy(&local, address, sizeof local);
        if (IN6_IS_ADDR_UNSPECIFIED(&local.sin6_addr))
            local.sin6_addr = in6addr_loopback;
        return real_bind(fd, (struct sockaddr *)&local, sizeof local);
    }
    return real_bind(fd, address, length);
}
