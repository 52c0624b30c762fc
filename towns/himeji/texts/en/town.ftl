town-welcome = Welcome to Hime Pass, the app of Himeji's residents.
town-about = Read your My Number Card once; your cards then appear on your phone, and you can add to the childcare guide.
programme-donguri-more = Show it at the entrance. A parent's phone can show the child's card.
programme-senior-benefit-more = Show it at the entrance.
programme-child-medical-more = Show it at the clinic's counter. The counter reads the barcode.
