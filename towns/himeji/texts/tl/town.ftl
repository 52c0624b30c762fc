town-welcome = Maligayang pagdating sa Hime Pass, ang app ng mga residente ng Himeji.
town-about = Basahin nang isang beses ang My Number Card (マイナンバーカード); lalabas ang mga card sa telepono mo at makasusulat ka sa gabay.
programme-donguri-more = Ipakita sa pasukan. Maipapakita ng telepono ng magulang ang card ng bata.
programme-senior-benefit-more = Ipakita sa pasukan.
programme-child-medical-more = Ipakita sa counter ng klinika. Babasahin ng counter ang barcode.
