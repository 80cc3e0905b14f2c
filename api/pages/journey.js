// The fan's journey through one sale: joining, waiting, choosing, holding, on to the order.

import { dress } from "./words.js";

dress();
