"use strict";

/* What each field of a frame is: a sentence, and the page that says more. */

const FIELDS = {
};
