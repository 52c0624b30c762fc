town-welcome = Maligayang pagdating sa Minamimaki Passport.
town-about = Basahin nang isang beses ang My Number Card (マイナンバーカード); bubuksan ng iisang account ang lahat ng serbisyo ng nayon.
