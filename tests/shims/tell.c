/* What the fakes of these tests do mostly, in a tenth of the time that Python takes to start: see telling.py, which is
   what it must do, and what is called for all else. It stands in a fake's first line: `tell FILE ARGUMENTS`. */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;
static char *out;
static size_t used, room;

static void put(const char *bytes, size_t count) {
    if (used + count > room && !(out = realloc(out, room = 2 * (used + count)))) abort();
    memcpy(out + used, bytes, count);
    used += count;
}

static void say(const char *format, ...) {
    char text[64];
    va_list values;
    va_start(values, format);
    int count = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    put(text, (size_t)count);
}

/* A literal of Python's, one character for each byte. */
static void quote(const char *text, size_t count) {
    put("'", 1);
    for (size_t at = 0; at < count; at++) {
        unsigned char byte = (unsigned char)text[at];
        if (byte < 32 || byte > 126 || byte == '\'' || byte == '\\') say("\\x%02x", byte);
        else put(text + at, 1);
    }
    put("'", 1);
}

/* An absolute path without `.`, `..` and doubled slashes, in its place. */
static void normalise(char *path) {
    char *end = path;
    for (char *part = path; *part;) {
        size_t count = strcspn(part, "/");
        if (count == 2 && part[0] == '.' && part[1] == '.') {
            while (end > path && *--end != '/') {}
        } else if (count && !(count == 1 && part[0] == '.')) {
            *end++ = '/';
            memmove(end, part, count);
            end += count;
        }
        part += count + (part[count] == '/');
    }
    if (end == path) *end++ = '/';
    *end = 0;
}

int main(int argc, char **argv) {
    char cwd[65536] = "", file[140000];
    const char *record = getenv("FAKE_RECORD"), *status = getenv("FAKE_EXIT");
    if (argc < 2) return 125;
    if (getenv("FAKE_STDIN") || getenv("FAKE_SIGNAL") || getenv("FAKE_NEXT")) {
        char **words = calloc((size_t)argc + 2, sizeof *words);
        if (!words) return 125;
        words[0] = PYTHON;
        words[1] = "-IS";
        memcpy(words + 2, argv + 1, (size_t)argc * sizeof *words);
        execv(PYTHON, words);
        return 125;
    }
    int opened[20];
    for (int number = 0; number < 20; number++) {
        struct stat about;
        opened[number] = fstat(number, &about) == 0;
    }
    if (!getcwd(cwd, sizeof cwd)) cwd[0] = 0;
    /* the slash in front is one that normalise() reads over */
    snprintf(file, sizeof file, "/%s/%s", argv[1][0] == '/' ? "" : cwd, argv[1]);
    normalise(file);
    say("{'file': ");
    quote(file, strlen(file));
    say(", 'argv': [");
    for (int at = 2; at < argc; at++) {
        quote(argv[at], strlen(argv[at]));
        say(", ");
    }
    say("], 'env': {");
    for (char **one = environ; *one; one++) {
        const char *equals = strchr(*one, '=');
        if (!equals) continue;
        size_t count = (size_t)(equals - *one) + 1;
        char **earlier = environ;
        while (earlier < one && strncmp(*earlier, *one, count)) earlier++;
        if (earlier < one) continue; /* the first of a name counts, as in Python */
        quote(*one, count - 1);
        say(": ");
        quote(equals + 1, strlen(equals + 1));
        say(", ");
    }
    say("}, 'cwd': ");
    quote(cwd, strlen(cwd));
    say(", 'pid': %d, 'open': [", (int)getpid());
    for (int number = 0; number < 20; number++)
        if (opened[number]) say("%d, ", number);
    say("]}\n");
    int to = record ? open(record, O_WRONLY | O_APPEND | O_CREAT, 0666) : 1;
    for (size_t at = 0; at < used;) {
        ssize_t count = write(to, out + at, used - at);
        if (count <= 0) break; /* nobody listens */
        at += (size_t)count;
    }
    return status ? atoi(status) : 0;
}
