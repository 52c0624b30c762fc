town-welcome = 欢迎使用姬路市民应用 Hime Pass。
town-about = 读取一次个人编号卡（マイナンバーカード），您的卡片就会显示在手机上，还可以为育儿指南投稿。
programme-donguri-more = 请在设施入口出示。孩子的卡可以用家长的手机出示。
programme-senior-benefit-more = 请在设施入口出示。
programme-child-medical-more = 请在医疗机构的窗口出示。窗口会读取条形码。
