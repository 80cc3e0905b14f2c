// For pages that need nothing else of a script.

import { dress } from "./words.js";

dress();
