town-welcome = Welcome to the Minamimaki Passport.
town-about = Read your My Number Card once; the same account then opens every service of the village.
