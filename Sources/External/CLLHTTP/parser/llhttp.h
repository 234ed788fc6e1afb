/* What llhttp's own sources include, wherever the distribution keeps it. */
#include "../include/cllhttp.h"
