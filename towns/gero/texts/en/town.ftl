town-welcome = Welcome to the digital notices of Gero.
town-about = Read your My Number Card once; the city's notices then reach your phone instead of your letter box.
programme-childcare-certificate-more = A parent shows it on the phone at the nursery.
