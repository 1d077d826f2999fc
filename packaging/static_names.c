/*
 * How a static takaza finds names: by /etc/hosts and DNS, and by nothing else.
 *
 * A static glibc has "files" and "dns" built in, but loads every other module that the machine's
 * nsswitch.conf names (mdns4_minimal, resolve, myhostname: the defaults of desktops), together with
 * that machine's own libc. Where that is of another version than the one linked in, the process
 * dies at its first look-up. So it is told here, before main, not to look there.
 */
#include <nss.h>

__attribute__((constructor)) static void names_by_files_and_dns_only(void)
{
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
}
