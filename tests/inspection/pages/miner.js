// Comes from a host that is listed as a miner's; it mines nothing here.
navigator.hardwareConcurrency;
