town-welcome = Welcome to Muchupa, the resident passport of Mutsu.
town-about = Read your My Number Card once; your medical certificates and bus cards then appear on your phone.
programme-child-medical-more = Show it at the clinic's counter. The counter reads the barcode, so no number is mistyped.
programme-senior-pass-more = Show it to the driver when you get on and off.
programme-club-pass-more = Show it to the driver when you board.
